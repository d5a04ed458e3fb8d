public import PluginABI

/// What the host offers a plugin, from attach until detach. An older host may lack any service;
/// each member says what happens then.
public struct HostServices: @unchecked Sendable {
    private let table: UnsafePointer<roost_host>

    /// - Returns: `nil` when the table is too short to hold the context of its functions.
    init?(_ table: UnsafePointer<roost_host>) {
        guard let header = MemoryLayout<roost_host>.offset(of: \.log) else { return nil }
        guard table.pointee.struct_size >= header else { return nil }
        self.table = table
    }

    public var minorVersion: UInt32 { table.pointee.abi_minor }

    private var context: UnsafeMutableRawPointer? { table.pointee.ctx }

    /// The member at `path`, if this host's table is long enough to have it.
    private func member<Function>(_ path: KeyPath<roost_host, Function?>) -> Function? {
        guard let offset = MemoryLayout<roost_host>.offset(of: path) else { return nil }
        guard Int(table.pointee.struct_size) >= offset + MemoryLayout<Function?>.size else {
            return nil
        }
        return table.pointee[keyPath: path]
    }
}

extension HostServices {
    /// Writes one line to the host's log, or nowhere. Never a prompt or an output.
    public func log(_ level: LogLevel, _ text: String, from place: StaticString) {
        guard let log = member(\.log) else { return }
        var text = text
        text.withUTF8 { text in
            place.withUTF8Buffer { place in
                log(context, level.rawValue, roost_str(place), roost_str(text))
            }
        }
    }

    /// Monotonic time in nanoseconds; `nil` without a clock.
    public var now: UInt64? {
        member(\.now_ns).map { $0(context) }
    }

    /// Memory that the host counts for this plugin under `tag`; the plugin's until `free`.
    ///
    /// - Parameter alignment: a power of two.
    /// - Throws: `outOfMemory` over the budget, `unsupported` when the host has no such service.
    public func allocate(bytes: Int, alignment: Int, tag: MemoryTag) throws
        -> UnsafeMutableRawPointer
    {
        guard let allocate = member(\.alloc) else {
            throw PluginError(.unsupported, "this host offers no memory")
        }
        guard let memory = allocate(context, UInt64(bytes), UInt64(alignment), tag.rawValue) else {
            throw PluginError(.outOfMemory, "the host refused \(bytes) bytes")
        }
        return memory
    }

    /// Frees what `allocate` returned.
    public func free(_ memory: UnsafeMutableRawPointer) {
        member(\.free)?(context, memory)
    }
}

// MARK: - Files and threads

extension HostServices {
    /// Maps a file read-only and shared; the bytes stay valid until `unmap`.
    public func map(_ path: String) throws -> roost_map {
        guard let mapFile = member(\.map_file) else {
            throw PluginError(.unsupported, "this host maps no files")
        }
        var path = path
        var map = roost_map()
        try PluginError.check { call in
            path.withUTF8 { mapFile(context, roost_str($0), &map, call) }
        }
        return map
    }

    public func unmap(_ map: roost_map) {
        member(\.unmap)?(context, map.id)
    }

    /// Runs `body` for 0 ..< `count`, on the host's threads if it has some, and waits for all.
    public func parallel(_ count: Int, _ body: (Int) -> Void) {
        guard let parallelFor = member(\.parallel_for) else {
            return (0..<count).forEach(body)
        }
        withoutActuallyEscaping(body) { body in
            let work = ParallelWork(body: body)
            withExtendedLifetime(work) {
                let argument = Unmanaged.passUnretained(work).toOpaque()
                parallelFor(context, UInt32(count), runParallelWork, argument)
            }
        }
    }
}

private final class ParallelWork {
    let body: (Int) -> Void

    init(body: @escaping (Int) -> Void) {
        self.body = body
    }
}

private func runParallelWork(_ argument: UnsafeMutableRawPointer?, _ index: UInt32) {
    guard let argument else { return }
    Unmanaged<ParallelWork>.fromOpaque(argument).takeUnretainedValue().body(Int(index))
}
