/// One message between host and worker: a call, or its one answer.
///
///     length u32 | kind u16 | 0 u16 | call u32 | payload [length]
package struct Frame: Equatable {
    package static let headerSize = 12
    /// A vocabulary, or the token ids of the longest text, stays below.
    package static let payloadLimit = 256 << 20

    package enum Kind: UInt16, CaseIterable {
        case hello = 1, probe, load, vocabulary, map, tokenize, close, embedTokenize, countTokens
        case library = 10, query, attach
        case forward = 16, length, clear, truncate, fork, selfTest, encode
        case embed = 32, scorePairs, classify, beginTask, advanceTask, endTask
        case beginImage = 48, stepImage, previewImage, finishImage, endImage
        case answer = 100, failure
    }

    package var kind: Kind
    package var call: UInt32
    package var payload: [UInt8]

    package struct Header: Equatable {
        package var length: Int
        package var kind: Kind
        package var call: UInt32

        /// - Parameter bytes: `headerSize` of them.
        package init(_ bytes: ArraySlice<UInt8>) throws {
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

    package init(kind: Kind, call: UInt32, payload: [UInt8]) {
        self.kind = kind
        self.call = call
        self.payload = payload
    }

    /// Header and payload in one piece, so that a small message is one write.
    package var bytes: [UInt8] {
        var writer = WireWriter()
        writer.write(UInt32(payload.count))
        writer.write(kind.rawValue)
        writer.write(UInt16(0))
        writer.write(call)
        return writer.bytes + payload
    }
}

extension Frame {
    /// Refuses texts that do not fit into one message.
    static func check(texts: [String]) throws {
        let bytes = texts.reduce(0) { $0 + $1.utf8.count }
        guard bytes <= payloadLimit / 2 else {
            throw ModelFailure.argument(
                "\(bytes) bytes of text in a call, expected at most \(payloadLimit / 2)")
        }
    }
}
