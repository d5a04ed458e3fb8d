import ModelJSON

/// A value in a file that knows its path, so that errors can name it.
struct JSONNode {
    let path: String
    let json: JSON

    init(_ json: JSON, at path: String) {
        self.json = json
        self.path = path
    }

    func invalid(_ expected: String) -> TokenizerError {
        .invalid(key: path, found: json.kind, expected: expected)
    }

    /// A member; nil if it is absent or null.
    func optional(_ key: String) throws -> JSONNode? {
        guard case .object(let members) = json else { throw invalid("an object") }
        guard let value = members.last(where: { $0.key == key })?.value else { return nil }
        if case .null = value { return nil }
        return JSONNode(value, at: path.isEmpty ? key : "\(path).\(key)")
    }

    /// A member that must be there.
    subscript(_ key: String) -> JSONNode {
        get throws {
            guard let member = try optional(key) else {
                throw TokenizerError.missing(key: path.isEmpty ? key : "\(path).\(key)")
            }
            return member
        }
    }

    var elements: [JSONNode] {
        get throws {
            guard case .array(let elements) = json else { throw invalid("an array") }
            return elements.enumerated().map { JSONNode($1, at: "\(path)[\($0)]") }
        }
    }

    var string: String {
        get throws {
            guard case .string(let value) = json else { throw invalid("a string") }
            return value
        }
    }

    var bytes: [UInt8] { get throws { Array(try string.utf8) } }

    var bool: Bool {
        get throws {
            guard case .bool(let value) = json else { throw invalid("a boolean") }
            return value
        }
    }

    var integer: Int {
        get throws {
            guard case .integer(let value) = json else { throw invalid("an integer") }
            return value
        }
    }
}

// MARK: - Reading

extension TokenizerError {
    /// Applies `body` to a JSON text.
    ///
    /// - Throws: ``malformed(offset:reason:)``, and what `body` throws.
    static func readingJSON<Value>(
        _ bytes: [UInt8], _ body: (inout JSONReader) throws -> Value
    ) throws -> Value {
        do {
            var reader = try JSONReader(bytes)
            let value = try body(&reader)
            try reader.end()
            return value
        } catch let fault as JSONFault {
            throw TokenizerError(fault)
        }
    }

    private init(_ fault: JSONFault) {
        switch fault {
        case .unexpected(let offset, let found, let expected):
            self = .malformed(offset: offset, reason: "found \(found), expected \(expected)")
        case .notUTF8(let offset):
            self = .malformed(offset: offset, reason: "a byte that is not UTF-8")
        case .duplicateKey(let key, let offset):
            self = .malformed(offset: offset, reason: "the key '\(key)' is there twice")
        }
    }
}

extension JSONReader {
    /// Appends a string to `strings`.
    mutating func string(into strings: inout ByteStrings) throws {
        try string { strings.appendPart($0) }
        strings.endString()
    }

    /// Appends a key to `strings`.
    mutating func key(into strings: inout ByteStrings) throws {
        try string(into: &strings)
        try expect(UInt8(ascii: ":"))
    }
}
