import Engine

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
        case .date: return .null
        }
    }
}
