/// Shared objects that no linker writes.
enum HostileELF {
    /// One segment that holds everything; all symbols have the same name of `length` letters.
    ///
    /// - Parameter needsIt: asks for a library of that name too.
    static func sharedName(symbols: Int, length: Int, needsIt: Bool = false) -> [UInt8] {
        let headers = 64 + 2 * 56
        let dynamic = headers
        var entries: [(UInt64, UInt64)] = []
        let table = dynamic + 16 * 6
        let hash = table + 24 * (symbols + 1)
        let names = hash + 8
        let size = names + 1 + length + 1
        entries = [(6, UInt64(table)), (5, UInt64(names)), (4, UInt64(hash))]
        if needsIt { entries.append((1, 1)) }

        var file = [UInt8](repeating: 0, count: size)
        func put(_ value: UInt64, _ width: Int, at offset: Int) {
            for byte in 0..<width {
                file[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte)))
            }
        }
        file.replaceSubrange(0..<7, with: [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1])
        put(3, 2, at: 16)
        put(62, 2, at: 18)
        put(64, 8, at: 32)
        put(56, 2, at: 54)
        put(2, 2, at: 56)
        // PT_LOAD over the whole file at address 0, PT_DYNAMIC.
        for (index, segment) in [(1, 0, size), (2, dynamic, 16 * 6)].enumerated() {
            let header = 64 + 56 * index
            put(UInt64(segment.0), 4, at: header)
            put(UInt64(segment.1), 8, at: header + 8)
            put(UInt64(segment.1), 8, at: header + 16)
            put(UInt64(segment.2), 8, at: header + 32)
        }
        for (index, entry) in entries.enumerated() {
            put(entry.0, 8, at: dynamic + 16 * index)
            put(entry.1, 8, at: dynamic + 16 * index + 8)
        }
        for symbol in 1...symbols {
            put(1, 4, at: table + 24 * symbol)
            file[table + 24 * symbol + 4] = 1 << 4
            put(1, 2, at: table + 24 * symbol + 6)
        }
        put(UInt64(symbols + 1), 4, at: hash + 4)
        for index in 0..<length { file[names + 1 + index] = UInt8(ascii: "a") }
        return file
    }
}
