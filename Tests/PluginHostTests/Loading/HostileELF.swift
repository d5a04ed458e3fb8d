/// Shared objects that no linker writes.
enum HostileELF {
    /// One segment that holds everything; all symbols have the same name of `length` letters.
    ///
    /// - Parameter needsIt: asks for a library of that name too.
    static func sharedName(symbols: Int, length: Int, needsIt: Bool = false) -> [UInt8] {
        let table = tables
        let hash = table + 24 * (symbols + 1)
        let names = hash + 8
        var dynamic: [(tag: UInt64, value: Int)] = [(6, table), (5, names), (4, hash)]
        if needsIt { dynamic.append((1, 1)) }
        var file = file(of: names + 1 + length + 1, dynamic)
        for symbol in 1...symbols {
            file.put(1, 4, at: table + 24 * symbol)
            file[table + 24 * symbol + 4] = 1 << 4
            file.put(1, 2, at: table + 24 * symbol + 6)
        }
        file.put(symbols + 1, 4, at: hash + 4)
        file.putName(length, at: names + 1)
        return file
    }

    /// Requires `versions` versions of one library, all with the same name of `length` letters, and then that of a
    /// C library of the future.
    static func sharedVersion(versions: Int, length: Int) -> [UInt8] {
        let need = tables
        let names = need + 16 * (versions + 2)
        let glibc = Array("GLIBC_9.9".utf8)
        var file = file(
            of: names + 1 + length + 1 + glibc.count + 1,
            [(5, names), (0x6FFF_FFFE, need), (0x6FFF_FFFF, 1)])
        file.put(versions + 1, 2, at: need + 2)
        file.put(16, 4, at: need + 8)
        for version in 1...versions + 1 {
            file.put(version <= versions ? 1 : 1 + length + 1, 4, at: need + 16 * version + 8)
            file.put(version <= versions ? 16 : 0, 4, at: need + 16 * version + 12)
        }
        file.putName(length, at: names + 1)
        file.replaceSubrange(names + 1 + length + 1..<file.count - 1, with: glibc)
        return file
    }

    /// Requires of `libraries` libraries no version at all.
    static func needsWithoutVersions(_ libraries: Int) -> [UInt8] {
        let names = tables + 16 * libraries
        var file = file(
            of: names + 1, [(5, names), (0x6FFF_FFFE, tables), (0x6FFF_FFFF, libraries)])
        for library in 0..<libraries { file.put(16, 4, at: tables + 16 * library + 12) }
        return file
    }

    /// Dynamic entries that no loader knows, each with a tag of its own.
    static func unknownTags(_ count: Int) -> [UInt8] {
        file(
            of: headers + 16 * (count + 1),
            (0..<count).map { (0x6000_0000 + UInt64($0), 0) }, entries: count + 1)
    }

    private static let headers = 64 + 2 * 56
    private static let entries = 6
    /// Where the tables begin.
    private static let tables = headers + 16 * entries

    /// PT_LOAD over the whole file at address 0, and PT_DYNAMIC.
    private static func file(
        of size: Int, _ dynamic: [(tag: UInt64, value: Int)], entries: Int = entries
    ) -> [UInt8] {
        var file = [UInt8](repeating: 0, count: size)
        file.replaceSubrange(0..<7, with: [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1])
        file.put(3, 2, at: 16)
        file.put(62, 2, at: 18)
        file.put(64, 8, at: 32)
        file.put(56, 2, at: 54)
        file.put(2, 2, at: 56)
        for (index, segment) in [(1, 0, size), (2, headers, 16 * entries)].enumerated() {
            let header = 64 + 56 * index
            file.put(segment.0, 4, at: header)
            file.put(segment.1, 8, at: header + 8)
            file.put(segment.1, 8, at: header + 16)
            file.put(segment.2, 8, at: header + 32)
        }
        for (index, entry) in dynamic.enumerated() {
            file.put(Int(entry.tag), 8, at: headers + 16 * index)
            file.put(entry.value, 8, at: headers + 16 * index + 8)
        }
        return file
    }
}

extension [UInt8] {
    fileprivate mutating func put(_ value: Int, _ width: Int, at offset: Int) {
        for byte in 0..<width {
            self[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte))
        }
    }

    fileprivate mutating func putName(_ length: Int, at offset: Int) {
        for index in 0..<length { self[offset + index] = UInt8(ascii: "a") }
    }
}
