import Dispatch
import Glibc
import PluginABI
import Synchronization

/// What the host offers to one plugin: the table `roost_host` and its implementation.
final class HostServices: @unchecked Sendable {
    private let log: LogHandler
    private let memory = Mutex(HostMemory())
    private let maps = Mutex<[UInt64: (start: UInt, length: Int)]>([:])
    private let nextMap = Atomic<UInt64>(1)
    /// Valid as long as this object lives.
    let table: UnsafeMutablePointer<roost_host>

    init(log: @escaping LogHandler) {
        self.log = log
        table = .allocate(capacity: 1)
        table.initialize(to: roost_host())
        table.pointee = roost_host(
            struct_size: UInt32(MemoryLayout<roost_host>.size), abi_minor: ABI.minor,
            ctx: Unmanaged.passUnretained(self).toOpaque(),
            log: { HostServices.of($0)?.write($1, $2, $3) },
            now_ns: { _ in MonotonicTime.now.nanoseconds },
            alloc: { context, size, alignment, tag in
                HostServices.of(context)?.allocate(size, alignment: alignment, tag: tag)
            },
            free: { HostServices.of($0)?.release($1) },
            map_file: { context, path, out, call in
                HostServices.of(context)?.map(path, into: out, call)
                    ?? ErrorCode.argument.rawValue
            },
            unmap: { HostServices.of($0)?.unmap($1) },
            parallel_for: { _, count, function, argument in
                runParallel(count, function, argument)
            })
    }

    deinit {
        table.deallocate()
    }

    /// Bytes that the plugin holds through `alloc`.
    var allocated: AllocatedBytes { memory.withLock { $0.held } }

    /// Lets the plugin hold more for a model that is about to be opened; `revoke` undoes it.
    ///
    /// - Parameter budget: 0 is no limit.
    func grant(_ budget: UInt64) {
        memory.withLock { $0.budgets.append(budget) }
    }

    func revoke(_ budget: UInt64) {
        memory.withLock { memory in
            if let place = memory.budgets.firstIndex(of: budget) {
                memory.budgets.remove(at: place)
            }
        }
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> HostServices? {
        context.map { Unmanaged<HostServices>.fromOpaque($0).takeUnretainedValue() }
    }

    /// What the host has to say of the plugin.
    func note(_ text: String, from source: String) {
        log(LogLine(level: .info, source: source, text: text))
    }

    private func write(_ level: Int32, _ source: roost_str, _ text: roost_str) {
        guard let source = try? String(source, named: "where", in: .idle),
            let text = try? String(text, named: "text", in: .idle)
        else { return }
        log(LogLine(level: LogLevel(rawValue: level) ?? .info, source: source, text: text))
    }
}

// MARK: - Memory

/// What a plugin holds, and how much of it its open models may take.
private struct HostMemory {
    var held = AllocatedBytes()
    /// One for each model; 0 is no limit.
    var budgets: [UInt64] = []

    mutating func take(_ size: UInt64, _ tag: MemoryTag?) -> Bool {
        let isLimited = !budgets.isEmpty && !budgets.contains(0)
        if isLimited, held.total + size > budgets.reduce(0, { $0.addingSaturating($1) }) {
            return false
        }
        held[tag ?? .other] += size
        return true
    }

    mutating func giveBack(_ size: UInt64, _ tag: MemoryTag?) {
        held[tag ?? .other] -= size
    }
}

extension UInt64 {
    fileprivate func addingSaturating(_ other: UInt64) -> UInt64 {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? .max : sum
    }
}

extension HostServices {
    /// A block is preceded by its size and its distance from the start of the allocation.
    private struct Header {
        var size: Int
        var offset: UInt32
        var tag: UInt32
    }

    private func allocate(
        _ size: UInt64, alignment: UInt64, tag: UInt32
    ) -> UnsafeMutableRawPointer? {
        guard size < 1 << 46, alignment <= 1 << 30, alignment & (alignment &- 1) == 0 else {
            return nil
        }
        let offset = max(Int(alignment), MemoryLayout<Header>.size)
        var start: UnsafeMutableRawPointer?
        guard memory.withLock({ $0.take(size, MemoryTag(rawValue: tag)) }) else { return nil }
        guard posix_memalign(&start, max(offset, 16), offset + Int(size)) == 0, let start else {
            memory.withLock { $0.giveBack(size, MemoryTag(rawValue: tag)) }
            return nil
        }
        let block = start + offset
        (block - MemoryLayout<Header>.size).storeBytes(
            of: Header(size: Int(size), offset: UInt32(offset), tag: tag), as: Header.self)
        return block
    }

    private func release(_ block: UnsafeMutableRawPointer?) {
        guard let block else { return }
        let header = (block - MemoryLayout<Header>.size).load(as: Header.self)
        memory.withLock { $0.giveBack(UInt64(header.size), MemoryTag(rawValue: header.tag)) }
        free(block - Int(header.offset))
    }
}

// MARK: - Files

extension HostServices {
    private func map(
        _ path: roost_str, into out: UnsafeMutablePointer<roost_map>?,
        _ call: UnsafePointer<roost_call>?
    ) -> roost_status {
        guard let out, let path = try? String(path, named: "path", in: .open) else {
            return refuse(call, .argument, "map_file needs a path and a place for the map")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            return refuse(call, .io, "cannot open '\(path)': \(lastError)")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size > 0 else {
            return refuse(call, .io, "'\(path)' is empty or no file")
        }
        let length = Int(status.st_size)
        guard let start = mmap(nil, length, PROT_READ, MAP_SHARED, descriptor, 0),
            start != MAP_FAILED
        else { return refuse(call, .io, "cannot map '\(path)': \(lastError)") }
        let id = nextMap.add(1, ordering: .relaxed).oldValue
        maps.withLock { $0[id] = (UInt(bitPattern: start), length) }
        out.pointee = roost_map(ptr: start, len: UInt64(length), id: id)
        return 0
    }

    private func unmap(_ id: UInt64) {
        guard let map = maps.withLock({ $0.removeValue(forKey: id) }) else { return }
        munmap(UnsafeMutableRawPointer(bitPattern: map.start), map.length)
    }
}

private var lastError: String { String(cString: strerror(errno)) }

/// Writes a refusal of the host into the error of the plugin's call.
private func refuse(
    _ call: UnsafePointer<roost_call>?, _ code: ErrorCode, _ message: String
) -> roost_status {
    guard let error = call?.pointee.err else { return code.rawValue }
    error.pointee.code = code.rawValue
    error.pointee.flags = 0
    if let buffer = error.pointee.message, error.pointee.cap > 0 {
        let fitting = message.utf8.prefix(Int(error.pointee.cap) - 1)
        for (place, byte) in fitting.enumerated() { buffer[place] = CChar(bitPattern: byte) }
        buffer[fitting.count] = 0
    }
    return code.rawValue
}

// MARK: - Threads

private func runParallel(
    _ count: UInt32, _ function: (@convention(c) (UnsafeMutableRawPointer?, UInt32) -> Void)?,
    _ argument: UnsafeMutableRawPointer?
) {
    guard let function else { return }
    nonisolated(unsafe) let argument = argument
    DispatchQueue.concurrentPerform(iterations: Int(count)) { function(argument, UInt32($0)) }
}
