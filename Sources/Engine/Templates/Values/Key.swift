import JSON

extension Jinja {
    /// A value as the key of a mapping: `1`, `1.0` and `true` are the same key.
    enum Key: Hashable {
        case null
        case int(Int)
        case float(Double)
        case string(ExactString)
        case tuple([Key])
        case object(ObjectIdentifier)

        init(_ value: Value) throws {
            switch value {
            case .undefined(let problem): throw Failure(problem)
            case .null: self = .null
            case .bool(let value): self = .int(value ? 1 : 0)
            case .int(let value): self = .int(value)
            case .float(let value): self = Int(exactly: value).map(Key.int) ?? .float(value)
            case .string(let value): self = .string(ExactString(value.string))
            case .object(let object): self = .object(ObjectIdentifier(object))
            case .sequence(let sequence) where sequence.isTuple:
                self = .tuple(try sequence.elements.map(Key.init))
            case .sequence, .dictionary: throw Failure("unhashable type: '\(value.typeName)'")
            }
        }
    }
}
