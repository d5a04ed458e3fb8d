/// Writes a JSON object, member by member, leaving out what is `nil`.
struct JSONObjectWriter {
    private var members: [String] = []

    var text: String { "{" + members.joined(separator: ", ") + "}" }

    mutating func add(_ key: String, _ value: String?) {
        guard let value else { return }
        add(key, json: Self.quoted(value))
    }

    mutating func add(_ key: String, _ value: Int?) {
        guard let value else { return }
        add(key, json: String(value))
    }

    /// JSON has no numbers that are not finite: those are left out too.
    mutating func add(_ key: String, _ value: Double?) {
        guard let value, value.isFinite else { return }
        add(key, json: "\(value)")
    }

    mutating func add(_ key: String, _ value: Bool?) {
        guard let value else { return }
        add(key, json: value ? "true" : "false")
    }

    mutating func add(_ key: String, _ values: [String]?) {
        guard let values else { return }
        add(key, json: "[" + values.map(Self.quoted).joined(separator: ", ") + "]")
    }

    mutating func add(_ key: String, json value: String) {
        members.append("\(Self.quoted(key)): \(value)")
    }

    private static func quoted(_ text: String) -> String {
        var result: [UInt8] = [UInt8(ascii: "\"")]
        result.reserveCapacity(text.utf8.count + 2)
        for byte in text.utf8 {
            append(byte, to: &result)
        }
        result.append(UInt8(ascii: "\""))
        return String(decoding: result, as: UTF8.self)
    }

    private static func append(_ byte: UInt8, to result: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            result += [UInt8(ascii: "\\"), byte]
        case UInt8(ascii: "\n"):
            result += Array("\\n".utf8)
        case 0..<0x20, 0x7F:
            let digits = Array("0123456789abcdef".utf8)
            result += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        default:
            result.append(byte)
        }
    }
}
