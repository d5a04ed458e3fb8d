import PluginABI

/// A copy of a plugin's table of functions that is as long as this host's, with null for what an
/// older plugin does not have: a member of the copy is what `ROOST_HAS` would let through.
///
/// - Parameter least: what the oldest such table has; nil is a table with a function.
/// - Throws: `.broken` for a size that no table can have.
func readTable<Table>(
    _ pointer: UnsafeRawPointer, as type: Table.Type, least: Int? = nil, in step: CallStep
) throws -> Table {
    let size = Int(pointer.loadUnaligned(as: UInt32.self))
    guard size >= least ?? 16, size <= 1 << 16, size % 4 == 0 else {
        throw ModelFailure.broken(
            step: step.name,
            reason: "\(type).struct_size is \(size), expected about \(MemoryLayout<Table>.size); "
                + "set it to sizeof(\(type))")
    }
    return withUnsafeTemporaryAllocation(of: Table.self, capacity: 1) { copy in
        let bytes = UnsafeMutableRawBufferPointer(copy)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        bytes.copyMemory(
            from: UnsafeRawBufferPointer(start: pointer, count: min(size, bytes.count)))
        return copy[0]
    }
}

/// A function that every plugin has.
func require<Function>(_ function: Function?, _ name: String, in step: CallStep) throws -> Function
{
    guard let function else {
        throw ModelFailure.broken(
            step: step.name, reason: "\(name) is null; every plugin must have it")
    }
    return function
}

extension String {
    /// Copies a string that a plugin lends.
    init(_ string: roost_str, named name: String, in step: CallStep) throws {
        guard string.len <= 4096, string.ptr != nil || string.len == 0 else {
            throw ModelFailure.broken(
                step: step.name,
                reason:
                    "\(name) has \(string.len) bytes at \(string.ptr == nil ? "null" : "a pointer"), "
                    + "expected at most 4096")
        }
        let bytes = UnsafeRawBufferPointer(start: string.ptr, count: Int(string.len))
        self = String(decoding: bytes, as: UTF8.self)
    }

    /// Lends the string to a plugin for the duration of `body`.
    func withPluginString<Result>(_ body: (roost_str) throws -> Result) rethrows -> Result {
        var copy = self
        return try copy.withUTF8 { bytes in
            try bytes.withMemoryRebound(to: CChar.self) {
                try body(roost_str(ptr: $0.baseAddress, len: UInt64($0.count)))
            }
        }
    }
}
