#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The first page of a codes file: nine little-endian words and their checksum.
struct CodesHeader: Sendable {
    static let size = 4096
    private static let magic: UInt64 = 0x5345_444F_4343_5652  // "RVCCODES"
    private static let version: UInt64 = 1

    let dimensions: Int
    /// Of the database's space, drawn when the space was created.
    let identity: UInt64
    /// The state of the database that the file reflects.
    var changes: Int64 = 0
    var count = 0
    var dead = 0
    /// Whether the file was closed properly; false while it is open.
    var isClean = false

    init(dimensions: Int, identity: UInt64) {
        self.dimensions = dimensions
        self.identity = identity
    }

    var segmentCount: Int { (count + CodesSegment.slots - 1) / CodesSegment.slots }

    /// Reads the header of an open file; nil if it is not one, or the file is too short.
    init?(descriptor: Int32) {
        var words = [UInt64](repeating: 0, count: 10)
        let length = words.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        words = words.map(UInt64.init(littleEndian:))
        guard length == 80, words[0] == Self.magic, words[1] == Self.version,
            words[9] == Self.checksum(words.dropLast()),
            words[2] > 0, words[2] <= 1 << 20, words[5] < 1 << 32, words[6] <= words[5]
        else { return nil }
        dimensions = Int(words[2])
        identity = words[3]
        changes = Int64(bitPattern: words[4])
        count = Int(words[5])
        dead = Int(words[6])
        isClean = words[7] == 1
        guard words[8] == CodesSegment.slots, hasWholeFile(descriptor) else { return nil }
    }

    private func hasWholeFile(_ descriptor: Int32) -> Bool {
        let end = CodesSegment.offset(segmentCount, dimensions: dimensions)
        return lseek(descriptor, 0, SEEK_END) >= off_t(end)
    }

    /// - Throws: `CollectionError.cannotOpen` if the disk is full.
    func write(_ descriptor: Int32) throws {
        var words: [UInt64] = [
            Self.magic, Self.version, UInt64(dimensions), identity, UInt64(bitPattern: changes),
            UInt64(count), UInt64(dead), isClean ? 1 : 0, UInt64(CodesSegment.slots),
        ]
        words.append(Self.checksum(words[...]))
        words = words.map(\.littleEndian)
        let written = words.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        guard written == 80, fsync(descriptor) == 0 else {
            throw CodesFile.failure("the codes file")
        }
    }

    private static func checksum(_ words: ArraySlice<UInt64>) -> UInt64 {
        words.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ $1) &* 0x100_0000_01B3 }
    }
}
