import JSON

extension TOMLDocument.Value {
    /// The same value as JSON, the members of tables in the order of their lines.
    var json: JSONValue {
        switch self {
        case .table(let members):
            let sorted = members.sorted { ($0.value.line, $0.key) < ($1.value.line, $1.key) }
            return .object(JSONObject(sorted.map { (key: $0.key, value: $0.value.value.json) }))
        case .array(let nodes): return .array(nodes.map(\.value.json))
        case .string(let text): return .string(text)
        case .integer(let number): return .integer(number)
        case .double(let number): return .number(number)
        case .bool(let flag): return .bool(flag)
        case .date, .null: return .null
        }
    }

    /// The same value as TOML would have it, its members a line each, in their order.
    init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .double(number)
        case .string(let text): self = .string(text)
        case .array(let elements):
            self = .array(elements.map { TOMLDocument.Node(value: Self($0), line: 1) })
        case .object(let object): self = .table(TOMLDocument.nodes(object))
        }
    }
}

extension TOMLDocument {
    /// The members of an object as those of a table. A member that is null is one that is not there.
    static func members(_ object: JSONObject) -> [String: Node] {
        nodes(object).filter { if case .null = $0.value.value { false } else { true } }
    }

    fileprivate static func nodes(_ object: JSONObject) -> [String: Node] {
        let members = object.members.enumerated().map { index, member in
            (member.key, Node(value: Value(member.value), line: index + 1))
        }
        return Dictionary(members) { _, last in last }
    }
}
