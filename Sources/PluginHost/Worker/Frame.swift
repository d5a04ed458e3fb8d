/// One message between host and worker: a call, or its one answer.
///
///     length u32 | kind u16 | 0 u16 | call u32 | payload [length]
struct Frame: Equatable {
    static let headerSize = 12
    /// A vocabulary, or the token ids of the longest text, stays below.
    static let payloadLimit = 256 << 20

    enum Kind: UInt16, CaseIterable {
        case hello = 1, probe, load, vocabulary, map, tokenize, close
        case forward = 16, length, clear, truncate, fork, selfTest
        case answer = 100, failure
    }

    var kind: Kind
    var call: UInt32
    var payload: [UInt8]

    struct Header: Equatable {
        var length: Int
        var kind: Kind
        var call: UInt32

        /// - Parameter bytes: `headerSize` of them.
        init(_ bytes: ArraySlice<UInt8>) throws {
            var reader = WireReader(bytes)
            length = Int(try reader.read(UInt32.self))
            let rawKind = try reader.read(UInt16.self)
            let reserved = try reader.read(UInt16.self)
            call = try reader.read(UInt32.self)
            guard length <= Frame.payloadLimit else {
                throw WireError.frame(length: length, limit: Frame.payloadLimit)
            }
            guard let kind = Kind(rawValue: rawKind), reserved == 0 else {
                throw WireError.unknownKind(rawKind)
            }
            self.kind = kind
        }
    }

    /// Header and payload in one piece, so that a small message is one write.
    var bytes: [UInt8] {
        var writer = WireWriter()
        writer.write(UInt32(payload.count))
        writer.write(kind.rawValue)
        writer.write(UInt16(0))
        writer.write(call)
        return writer.bytes + payload
    }
}
