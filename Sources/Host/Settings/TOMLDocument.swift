import TOMLKit

/// A TOML file as a tree of values that know their lines.
struct TOMLDocument {
    let root: Node

    /// A value and the line of the key that gives it.
    struct Node {
        let value: Value
        let line: Int
    }

    enum Value {
        case table([String: Node])
        case array([Node])
        case string(String)
        case integer(Int)
        case double(Double)
        case bool(Bool)
        case date
        /// Only in what was JSON.
        case null

        /// What a message calls the value: `string "4k"`.
        var named: String {
            switch self {
            case .table: "a table"
            case .array: "an array"
            case .string(let text): "string \"\(text)\""
            case .integer(let number): "integer \(number)"
            case .double(let number): "number \(number)"
            case .bool(let flag): "\(flag)"
            case .date: "a date"
            case .null: "null"
            }
        }
    }

    /// - Throws: `SettingsError` with the place of the first mistake in the TOML itself.
    init(_ text: String, file: String) throws {
        do {
            let table = try TOMLTable(string: text)
            root = try Self.node(table.tomlValue, path: [], line: 1, lines: TOMLLines(text))
        } catch let error as TOMLParseError {
            let problem = SettingsError.Problem(
                file: file, line: error.source.begin.line, key: "",
                message: "not valid TOML: \(error.description)")
            throw SettingsError(problems: [problem])
        } catch let twins as TwinKeys {
            let problem = SettingsError.Problem(
                file: file, line: twins.line, key: twins.key,
                message: "stands there twice, its letters composed in two ways; leave one out")
            throw SettingsError(problems: [problem])
        }
    }

    /// Two keys that differ in their bytes, which TOML distinguishes and Swift does not.
    private struct TwinKeys: Error {
        let key: String
        let line: Int
    }

    private static func node(
        _ value: TOMLValue, path: [String], line: Int, lines: TOMLLines
    ) throws -> Node {
        let line = lines[path] ?? line
        func child(_ key: String, _ value: any TOMLValueConvertible) throws -> Node {
            try node(value.tomlValue, path: path + [key], line: line, lines: lines)
        }
        let tree: Value =
            switch value.type {
            case .table:
                .table(
                    try value.table!.reduce(into: [String: Node]()) { members, member in
                        let node = try child(member.0, member.1)
                        guard members.updateValue(node, forKey: member.0) == nil else {
                            let key = (path + [member.0]).joined(separator: ".")
                            throw TwinKeys(key: key, line: node.line)
                        }
                    })
            case .array: .array(try value.array!.enumerated().map { try child(String($0), $1) })
            case .string: .string(value.string!)
            case .int: .integer(value.int!)
            case .double: .double(value.double!)
            case .bool: .bool(value.bool!)
            case .date, .time, .dateTime: .date
            }
        return Node(value: tree, line: line)
    }
}
