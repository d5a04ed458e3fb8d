import Glibc

/// The dynamic-linking view of one ELF64 little-endian shared object, read without running any of it.
///
/// Everything is located through the program headers, so a file without section headers reads the
/// same. Every offset is checked against the file: a hostile file is an ``ELFError``, never a trap.
/// Source: System V ABI, gABI 4.1, chapters 4 and 5; LSB 5.0 for `GNU_STACK`, `VERNEED`, `GNU_HASH`.
package struct ELFFile {
    package let machine: UInt16
    package let type: UInt16
    package let segments: [Segment]
    /// By the tags of ``DynamicTag``; the first, if a tag should occur only once.
    package let dynamic: [Int64: [UInt64]]
    private let bytes: any ELFSource

    package struct Segment {
        let type: UInt32
        let flags: UInt32
        let offset: UInt64
        let address: UInt64
        let fileSize: UInt64
    }

    package struct Symbol {
        /// At most the first 4096 bytes, all within the file.
        let name: UnsafeRawBufferPointer
        let binding: UInt8
        let isDefined: Bool
    }

    /// The longest name that is read: no path and no version is longer.
    private static let longestName = 4096

    /// More entries than any library has.
    private static let mostEntries = 4096

    package init(_ bytes: [UInt8]) throws {
        try self.init(ELFBytes(bytes))
    }

    /// - Throws: ``ELFError`` when the file is not a well-formed 64-bit little-endian ELF object.
    init(_ bytes: any ELFSource) throws {
        self.bytes = bytes
        guard bytes.count >= 64, try bytes.bytes(0..<4).elementsEqual([0x7F, 0x45, 0x4C, 0x46])
        else {
            throw ELFError.notELF
        }
        guard bytes.count <= LibraryFile.largest else {
            throw ELFError.tooLarge(bytes: bytes.count)
        }
        guard try bytes.bytes(4..<6).elementsEqual([2, 1]) else {
            throw ELFError.notELF64LittleEndian
        }
        type = try bytes.load(at: 16)
        machine = try bytes.load(at: 18)
        if type == 1 { throw ELFError.objectFile }
        segments = try Self.segments(of: bytes)
        dynamic = try Self.dynamicEntries(of: bytes, segments)
    }
}

extension ELFFile {
    /// The names of the libraries that `DT_NEEDED` asks for.
    package var neededLibraries: [String] {
        get throws {
            let entries = dynamic[DynamicTag.needed] ?? []
            guard entries.count <= Self.mostEntries else {
                throw ELFError.malformed("more than \(Self.mostEntries) needed libraries")
            }
            return try entries.map(string(at:))
        }
    }

    /// The folders of `DT_RUNPATH`, or of `DT_RPATH` where there is none.
    package var runPath: [String] {
        get throws {
            let entry = dynamic[DynamicTag.runPath]?.first ?? dynamic[DynamicTag.rPath]?.first
            return try entry.map { try string(at: $0).split(separator: ":").map(String.init) } ?? []
        }
    }

    /// Enumerates the dynamic symbol table, except its empty first entry, without copying names:
    /// many symbols may share one long name.
    package func forEachDynamicSymbol(_ body: (Symbol) throws -> Void) throws {
        guard let table = dynamic[DynamicTag.symbolTable]?.first else { return }
        let base = try fileOffset(of: table)
        let count = try symbolCount
        guard count <= bytes.count / 24 else { throw ELFError.truncated }
        for index in 1..<max(1, count) {
            let entry = base + 24 * UInt64(index)
            let name: UInt32 = try bytes.load(at: entry)
            let info: UInt8 = try bytes.load(at: entry + 4)
            let section: UInt16 = try bytes.load(at: entry + 6)
            try body(
                Symbol(
                    name: try text(at: UInt64(name)), binding: info >> 4, isDefined: section != 0))
        }
    }

    /// Whether a section's name begins so; false where there are no section headers.
    package func hasSection(prefix: String) -> Bool {
        let table: UInt64? = try? bytes.load(at: 40)
        let count: UInt16? = try? bytes.load(at: 60)
        let names: UInt16? = try? bytes.load(at: 62)
        guard let table, let count, let names, table != 0, names < count,
            let nameTable: UInt64 = try? bytes.load(at: table &+ 64 * UInt64(names) &+ 24)
        else { return false }
        return (0..<UInt64(count)).contains { index in
            guard let name: UInt32 = try? bytes.load(at: table &+ 64 * index),
                let text = try? bytes.text(at: nameTable &+ UInt64(name), atMost: prefix.utf8.count)
            else { return false }
            return text.elementsEqual(prefix.utf8)
        }
    }

    /// Enumerates the version names that the file requires of libraries, such as `GLIBC_2.34`,
    /// without copying them.
    package func forEachRequiredVersion(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let table = dynamic[DynamicTag.versionNeeds]?.first,
            let count = dynamic[DynamicTag.versionNeedCount]?.first
        else { return }
        var left = Self.mostEntries
        func countEntry() throws {
            left -= 1
            guard left >= 0 else {
                throw ELFError.malformed("more than \(Self.mostEntries) required versions")
            }
        }
        var need = try fileOffset(of: table)
        for _ in 0..<count {
            // A library without a version counts as one, or the file could name as many as it has bytes for.
            try countEntry()
            let auxiliaries: UInt16 = try bytes.load(at: need + 2)
            let first: UInt32 = try bytes.load(at: need + 8)
            let next: UInt32 = try bytes.load(at: need + 12)
            try forEachVersion(from: need + UInt64(first), count: auxiliaries) { name in
                try countEntry()
                try body(name)
            }
            if next == 0 { break }
            need += UInt64(next)
        }
    }

    /// Whether bit `flag` is set in `DT_FLAGS`.
    package func hasFlag(_ flag: UInt64) -> Bool {
        (dynamic[DynamicTag.flags]?.first ?? 0) & flag != 0
    }

    private func forEachVersion(
        from start: UInt64, count: UInt16, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var entry = start
        for _ in 0..<count {
            let name: UInt32 = try bytes.load(at: entry + 8)
            let next: UInt32 = try bytes.load(at: entry + 12)
            try body(try text(at: UInt64(name)))
            if next == 0 { break }
            entry += UInt64(next)
        }
    }

    private func string(at offset: UInt64) throws -> String {
        let text = try text(at: offset)
        guard text.count < Self.longestName else {
            throw ELFError.malformed("a name of \(Self.longestName) bytes or more")
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A string of the dynamic string table, or its beginning.
    private func text(at offset: UInt64) throws -> UnsafeRawBufferPointer {
        guard let table = dynamic[DynamicTag.stringTable]?.first else {
            throw ELFError.malformed("no dynamic string table")
        }
        return try bytes.text(
            at: try fileOffset(of: table) &+ offset, atMost: Self.longestName)
    }

    private func fileOffset(of address: UInt64) throws -> UInt64 {
        for segment in segments where segment.type == SegmentType.load {
            if address >= segment.address, address - segment.address < segment.fileSize {
                return segment.offset + (address - segment.address)
            }
        }
        throw ELFError.malformed("an address outside every loaded segment")
    }

    /// The symbol table has no length of its own: `DT_HASH` tells it, or the last chain of `DT_GNU_HASH`.
    private var symbolCount: Int {
        get throws {
            if let hash = dynamic[DynamicTag.hash]?.first {
                let chains: UInt32 = try bytes.load(at: try fileOffset(of: hash) + 4)
                return Int(chains)
            }
            guard let hash = dynamic[DynamicTag.gnuHash]?.first else { return 0 }
            return try gnuHashSymbolCount(at: try fileOffset(of: hash))
        }
    }

    private func gnuHashSymbolCount(at table: UInt64) throws -> Int {
        let buckets: UInt32 = try bytes.load(at: table)
        let firstSymbol: UInt32 = try bytes.load(at: table + 4)
        let bloomWords: UInt32 = try bytes.load(at: table + 8)
        let bucketBase = table + 16 + 8 * UInt64(bloomWords)
        let chainBase = bucketBase + 4 * UInt64(buckets)
        var last: UInt32 = 0
        for bucket in 0..<UInt64(buckets) {
            last = max(last, try bytes.load(at: bucketBase + 4 * bucket))
        }
        guard last >= firstSymbol else { return Int(firstSymbol) }
        while last < UInt32.max {
            let chain: UInt32 = try bytes.load(at: chainBase + 4 * UInt64(last - firstSymbol))
            last += 1
            if chain & 1 == 1 { return Int(last) }
        }
        throw ELFError.malformed("a symbol hash chain without an end")
    }
}

// MARK: - Reading the headers

extension ELFFile {
    private static func segments(of bytes: any ELFSource) throws -> [Segment] {
        let table: UInt64 = try bytes.load(at: 32)
        let entrySize: UInt16 = try bytes.load(at: 54)
        let count: UInt16 = try bytes.load(at: 56)
        guard entrySize == 56 else {
            throw ELFError.malformed("program headers of \(entrySize) bytes")
        }
        return try (0..<UInt64(count)).map { index in
            let entry = table &+ 56 * index
            let segment = Segment(
                type: try bytes.load(at: entry), flags: try bytes.load(at: entry &+ 4),
                offset: try bytes.load(at: entry &+ 8), address: try bytes.load(at: entry &+ 16),
                fileSize: try bytes.load(at: entry &+ 32))
            let (end, overflow) = segment.offset.addingReportingOverflow(segment.fileSize)
            guard !overflow, end <= bytes.count else { throw ELFError.truncated }
            return segment
        }
    }

    private static func dynamicEntries(
        of bytes: any ELFSource, _ segments: [Segment]
    ) throws -> [Int64: [UInt64]] {
        guard let segment = segments.first(where: { $0.type == SegmentType.dynamic }) else {
            throw ELFError.notShared
        }
        var entries: [Int64: [UInt64]] = [:]
        for index in 0..<segment.fileSize / 16 {
            let tag: UInt64 = try bytes.load(at: segment.offset + 16 * index)
            if tag == 0 { break }
            let key = Int64(bitPattern: tag)
            let most = key == DynamicTag.needed ? mostEntries + 1 : 1
            guard DynamicTag.all.contains(key), entries[key, default: []].count < most else {
                continue
            }
            entries[key, default: []].append(
                try bytes.load(at: segment.offset + 16 * index + 8))
        }
        return entries
    }
}

/// Why a file cannot be read as a plugin's shared object.
package enum ELFError: Error, Equatable, CustomStringConvertible {
    case notELF
    case notELF64LittleEndian
    case tooLarge(bytes: Int)
    case objectFile
    case notShared
    case truncated
    case malformed(String)

    package var description: String {
        switch self {
        case .notELF: "not an ELF file, expected a shared library (.so)"
        case .notELF64LittleEndian: "not a 64-bit little-endian ELF file"
        case .tooLarge(let bytes):
            "a file of \(bytes >> 20) MB, expected a shared library of at most "
                + "\(LibraryFile.largest >> 20) MB; load large data from a file beside it"
        case .objectFile:
            "an object file that is not linked, expected a shared library; link it with -shared"
        case .notShared: "an ELF file without a dynamic section, expected a shared library"
        case .truncated: "a segment reaches past the end of the file: the file is cut short"
        case .malformed(let what): "malformed ELF file: \(what)"
        }
    }
}

enum SegmentType {
    static let load: UInt32 = 1
    static let dynamic: UInt32 = 2
    static let gnuStack: UInt32 = 0x6474_E551
}

enum DynamicTag {
    static let needed: Int64 = 1
    static let hash: Int64 = 4
    static let stringTable: Int64 = 5
    static let symbolTable: Int64 = 6
    static let rPath: Int64 = 15
    static let textRelocations: Int64 = 22
    static let runPath: Int64 = 29
    static let flags: Int64 = 30
    static let gnuHash: Int64 = 0x6FFF_FEF5
    static let flags1: Int64 = 0x6FFF_FFFB
    static let versionNeeds: Int64 = 0x6FFF_FFFE
    static let versionNeedCount: Int64 = 0x6FFF_FFFF

    /// Those that are read.
    static let all: Set<Int64> = [
        needed, hash, stringTable, symbolTable, rPath, textRelocations, runPath, flags, gnuHash,
        flags1, versionNeeds, versionNeedCount,
    ]
}
