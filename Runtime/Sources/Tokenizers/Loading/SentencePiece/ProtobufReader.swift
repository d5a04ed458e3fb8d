/// A message of Protocol Buffers: fields, each a number and a value, in any order.
struct ProtobufReader {
    enum Value {
        case varint(UInt64)
        case fixed32(UInt32)
        /// A string, bytes, or another message: its position.
        case bytes(Range<Int>)
    }

    private let file: [UInt8]
    private let message: Range<Int>

    /// - Parameter message: its position in the file.
    init(_ file: [UInt8], _ message: Range<Int>? = nil) {
        self.file = file
        self.message = message ?? file.indices
    }

    /// Calls `body` with the fields of the message, skipping 64-bit fixed fields, which no message
    /// here has.
    ///
    /// - Throws: ``TokenizerError/malformedModel(offset:reason:)``, and what `body` throws.
    func forEachField(_ body: (_ number: UInt64, _ value: Value) throws -> Void) throws {
        var place = message.lowerBound
        while place < message.upperBound {
            let start = place
            let tag = try varint(&place)
            guard tag >> 3 > 0 else { throw malformed("field 0", at: start) }
            switch tag & 7 {
            case 0: try body(tag >> 3, .varint(try varint(&place)))
            case 1: _ = try take(8, &place)
            case 2: try body(tag >> 3, .bytes(try take(try varint(&place), &place)))
            case 5:
                let number = file[try take(4, &place)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
                try body(tag >> 3, .fixed32(number))
            default: throw malformed("a value of kind \(tag & 7), expected 0, 1, 2 or 5", at: start)
            }
        }
    }

    private func take(_ count: UInt64, _ place: inout Int) throws -> Range<Int> {
        guard count <= UInt64(message.upperBound - place) else {
            throw malformed(
                "\(count) bytes, expected at most \(message.upperBound - place)", at: place)
        }
        defer { place += Int(count) }
        return place..<place + Int(count)
    }

    private func varint(_ place: inout Int) throws -> UInt64 {
        let start = place
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard place < message.upperBound else { throw malformed("the end", at: place) }
            let byte = file[place]
            place += 1
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return number }
        }
        throw malformed("a number of more than ten bytes", at: start)
    }

    private func malformed(_ reason: String, at place: Int) -> TokenizerError {
        .malformedModel(offset: place, reason: reason)
    }
}

extension ProtobufReader.Value {
    var bool: Bool { if case .varint(let number) = self { number != 0 } else { false } }

    /// A negative number is encoded with 64 bits.
    var int32: Int32? {
        if case .varint(let number) = self { Int32(truncatingIfNeeded: number) } else { nil }
    }

    var float: Float? {
        if case .fixed32(let bits) = self { Float(bitPattern: bits) } else { nil }
    }

    var range: Range<Int>? { if case .bytes(let range) = self { range } else { nil } }
}
