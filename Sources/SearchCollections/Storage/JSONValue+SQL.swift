import FoundationEssentials
import GRDB
import JSON

extension JSONValue {
    /// The value as a cell of a table. A value for which SQL has no type becomes a blob of JSON
    /// text, and so does a text with a zero character, at which SQLite's texts end.
    var cell: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let value): value.databaseValue
        case .number(let value): value.databaseValue
        case .string(let text) where !text.utf8.contains(0): text.databaseValue
        case .bool, .string, .array, .object: Data(serialized().utf8).databaseValue
        }
    }

    init(cell: DatabaseValue) {
        switch cell.storage {
        case .null: self = .null
        case .int64(let value): self = .integer(Int(value))
        case .double(let value): self = .number(value)
        case .string(let text): self = .string(text)
        case .blob(let json): self = (try? JSONValue(parsing: json)) ?? .null
        }
    }

    /// The value as part of the embedded text.
    var embeddedText: String {
        switch self {
        case .null: ""
        case .string(let text): text
        default: serialized()
        }
    }
}
