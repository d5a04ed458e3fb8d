import CHostShims
package import JSON

/// What a plugin may say of its model in `info_json`: info.schema.json of the ABI.
package enum InfoSchema {
    private static let members = read()

    /// The members that mean something to a host.
    package static var keys: [String] { members.map(\.key) }

    /// What of an `info_json` is not as the schema has it: a sentence for each of its members.
    package static func problems(of info: JSONValue) -> [String] {
        guard let found = info.object else {
            return ["info_json is \(info.kind), expected an object"]
        }
        return members.compactMap { key, schema in
            guard let value = found[key]?.saidMembers, !value.isNull else { return nil }
            do throws(JSONViolation) {
                try schema.check(value)
                return nil
            } catch {
                return "info_json: \(error.inside(key).sentence)"
            }
        }
    }

    private static func read() -> [(key: String, schema: JSONSchema)] {
        do {
            let schema = try JSONValue(parsing: String(cString: roost_info_schema()))
            return try (schema["properties"]?.object?.members ?? []).map {
                ($0.key, try JSONSchema($0.value))
            }
        } catch {
            preconditionFailure("info.schema.json: \(error)")
        }
    }
}

extension JSONValue {
    /// Without members that are null, which say nothing.
    fileprivate var saidMembers: JSONValue {
        guard let object else { return self }
        var said = JSONObject()
        for (key, value) in object.members where !value.isNull { said[key] = value }
        return .object(said)
    }
}
