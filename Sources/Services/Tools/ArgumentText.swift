import JSON

/// Writes arguments that a model spells in another notation as a JSON object.
struct ArgumentText: Sendable {
    private var count = 0

    /// What comes before a member's value.
    mutating func key(_ name: String) -> String {
        defer { count += 1 }
        return (count == 0 ? "{" : ", ") + JSONValue.string(name).serialized() + ": "
    }

    /// The end of the object.
    var end: String { count == 0 ? "{}" : "}" }

    /// A piece of a string's inside.
    static func inside(_ text: [UInt8]) -> [UInt8] {
        var escaped: [UInt8] = []
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): escaped += [UInt8(ascii: "\\"), byte]
            case 0x0A: escaped += Array(#"\n"#.utf8)
            case 0x0D: escaped += Array(#"\r"#.utf8)
            case 0x09: escaped += Array(#"\t"#.utf8)
            case ..<0x20:
                escaped +=
                    Array((byte < 16 ? #"\u000"# : #"\u00"#).utf8)
                    + Array(String(byte, radix: 16).utf8)
            default: escaped.append(byte)
            }
        }
        return escaped
    }

    /// A value that was written as text: as JSON if it is JSON, else a string.
    static func value(_ text: [UInt8]) -> String {
        if let value = try? JSONValue(parsing: text, depth: 64) { return value.serialized(.python) }
        return JSONValue.string(String(decoding: text, as: UTF8.self)).serialized()
    }
}

extension Tool {
    /// Whether the schema holds a parameter to be a text.
    func isText(_ parameter: String) -> Bool {
        guard let schema = parameters?["properties"]?[parameter] else { return false }
        if let type = schema["type"] {
            return type == "string" || type.array?.contains("string") == true
        }
        guard let values = schema["enum"]?.array else { return false }
        return values.allSatisfy { $0.string != nil }
    }

    /// The names of the parameters in the order of the schema.
    var parameterNames: [String] {
        (parameters?["properties"]?.object?.keys).map { Array($0) } ?? []
    }
}
