/// Any JSON.
indirect enum JSONTree: Codable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case list([JSONTree])
    case object([String: JSONTree])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self =
            if container.decodeNil() {
                .null
            } else if let value = try? container.decode(Bool.self) {
                .bool(value)
            } else if let value = try? container.decode(Int.self) {
                .integer(value)
            } else if let value = try? container.decode(Double.self) {
                .number(value)
            } else if let value = try? container.decode(String.self) {
                .string(value)
            } else if let value = try? container.decode([JSONTree].self) {
                .list(value)
            } else {
                .object(try container.decode([String: JSONTree].self))
            }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .list(let list): try container.encode(list)
        case .object(let members): try container.encode(members)
        }
    }

    func element(_ index: Int) -> JSONTree? {
        guard case .list(let list) = self, list.indices.contains(index) else { return nil }
        return list[index]
    }

    /// The member whose key a decoder has made `name` of.
    func member(_ name: String) -> (name: String?, value: JSONTree?) {
        guard case .object(let members) = self else { return (nil, nil) }
        if let value = members[name] { return (name, value) }
        let plain = { (key: String) in key.filter { $0 != "_" }.lowercased() }
        guard let key = members.keys.sorted().first(where: { plain($0) == plain(name) }) else {
            return (nil, nil)
        }
        return (key, members[key])
    }
}

// MARK: - Numbers

extension JSONTree {
    /// Numbers that are no `Int32`, or less than nothing, by their paths in the order of the alphabet.
    var unusualNumbers: [(path: String, number: JSONTree)] { unusualNumbers(at: "") }

    private func unusualNumbers(at path: String) -> [(path: String, number: JSONTree)] {
        if isUnusual { return [(path, self)] }
        return children(at: path).flatMap { $1.unusualNumbers(at: $0) }
    }

    /// The same with 1 in place of all those numbers but the one at `kept`.
    func taming(allBut kept: String) -> JSONTree { taming(allBut: kept, at: "") }

    private func taming(allBut kept: String, at path: String) -> JSONTree {
        if isUnusual { return path == kept ? self : .integer(1) }
        let tamed = children(at: path).map { $1.taming(allBut: kept, at: $0) }
        switch self {
        case .list: return .list(tamed)
        case .object(let members):
            let keys = members.keys.sorted()
            return .object(Dictionary(zip(keys, tamed), uniquingKeysWith: { $1 }))
        default: return self
        }
    }

    private func children(at path: String) -> [(path: String, value: JSONTree)] {
        switch self {
        case .list(let list): list.enumerated().map { ("\(path)[\($0)]", $1) }
        case .object(let members):
            members.sorted { $0.key < $1.key }.map { key, value in
                (path.isEmpty ? key : "\(path).\(key)", value)
            }
        default: []
        }
    }

    private var isUnusual: Bool {
        switch self {
        case .integer(let value): !(0...Int(Int32.max)).contains(value)
        case .number: true
        default: false
        }
    }

    var isFraction: Bool {
        if case .number(let value) = self { value != value.rounded() } else { false }
    }
}

// MARK: - Wording

extension JSONTree {
    var kind: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer, .number: "a number"
        case .string: "a string"
        case .list: "a list"
        case .object: "an object"
        }
    }

    /// The value, where it is short; a text as it stands in the file.
    var quoted: String {
        switch self {
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let text) where text.utf8.count <= 80: "\"\(text)\""
        default: kind
        }
    }
}
