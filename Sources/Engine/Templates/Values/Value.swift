import JSON

extension Jinja {
    /// A value of the template language, with Python's semantics.
    enum Value {
        /// What a missing variable, key or attribute gives; the text says what was missing.
        case undefined(String)
        case null
        case bool(Bool)
        case int(Int)
        case float(Double)
        case string(Text)
        case sequence(Sequence)
        case dictionary(Dictionary)
        case object(any Object)
    }

    /// A list or something that behaves like one. None of them can be changed.
    final class Sequence {
        enum Kind {
            case list, tuple
            /// What `groupby` gives: a tuple whose elements are `grouper` and `list`.
            case group
            /// What `range` gives, and how it is written.
            case range(String)
            /// The keys, values or items of a mapping, and the name of that type.
            case view(String)
        }

        let kind: Kind
        let elements: [Value]
        let depth: Int

        /// - Throws: `Failure` if the elements are nested too deep already.
        init(_ kind: Kind, _ elements: [Value]) throws {
            self.kind = kind
            self.elements = elements
            depth = try Value.depth(around: elements)
        }

        var isTuple: Bool {
            switch kind {
            case .tuple, .group: true
            default: false
            }
        }
    }

    /// A mapping, in the order of its keys' first appearance. It cannot be changed.
    final class Dictionary {
        let members: [(key: Value, value: Value)]
        let depth: Int
        private let positions: [Key: Int]

        init(_ pairs: [(key: Value, value: Value)]) throws {
            var members: [(key: Value, value: Value)] = []
            var positions: [Key: Int] = [:]
            members.reserveCapacity(pairs.count)
            for pair in pairs {
                let key = try Key(pair.key)
                if let position = positions[key] {
                    members[position].value = pair.value
                } else {
                    positions[key] = members.count
                    members.append(pair)
                }
            }
            self.members = members
            self.positions = positions
            depth = try Value.depth(around: members.map(\.value) + members.map(\.key))
        }

        subscript(_ key: Key) -> Value? { positions[key].map { members[$0].value } }

        subscript(_ name: String) -> Value? { self[.string(ExactString(name))] }
    }

    /// A value that stands for itself: a function, a namespace, the `loop` variable.
    protocol Object: AnyObject {
        /// The name of the type in messages.
        var typeName: String { get }
        /// What `{{ object }}` prints.
        var text: String { get }
        /// The nesting depth below this value; 0 for values without elements.
        var depth: Int { get }
        var isCallable: Bool { get }
        func attribute(_ name: String) throws -> Value?
        func call(_ arguments: Arguments, _ interpreter: Interpreter) throws -> Value
    }

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

extension Jinja.Object {
    var text: String { "<\(typeName)>" }
    var depth: Int { 0 }
    var isCallable: Bool { false }

    func attribute(_ name: String) throws -> Jinja.Value? { nil }

    func call(_ arguments: Jinja.Arguments, _ interpreter: Jinja.Interpreter) throws -> Jinja.Value
    {
        throw Jinja.Failure("'\(typeName)' object is not callable")
    }
}

extension Jinja.Value {
    static func list(_ elements: [Jinja.Value]) throws -> Jinja.Value {
        .sequence(try Jinja.Sequence(.list, elements))
    }

    static func tuple(_ elements: [Jinja.Value]) throws -> Jinja.Value {
        .sequence(try Jinja.Sequence(.tuple, elements))
    }

    static func dictionary(_ members: [(key: Jinja.Value, value: Jinja.Value)]) throws
        -> Jinja.Value
    {
        .dictionary(try Jinja.Dictionary(members))
    }

    /// - Parameter origin: the origin of the value's texts.
    init(_ json: JSONValue, _ origin: Jinja.Text.Origin) throws {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .int(value)
        case .number(let value): self = .float(value)
        case .string(let value): self = .string(Jinja.Text(value, origin))
        case .array(let elements):
            self = try .list(elements.map { try Jinja.Value($0, origin) })
        case .object(let object):
            self = try .dictionary(
                object.members.map {
                    (
                        key: .string(Jinja.Text($0.key, origin)),
                        value: try Jinja.Value($0.value, origin)
                    )
                })
        }
    }

    /// The nesting depth, including this value.
    var depth: Int {
        switch self {
        case .sequence(let sequence): sequence.depth
        case .dictionary(let dictionary): dictionary.depth
        case .object(let object): object.depth
        default: 0
        }
    }

    /// The depth of something that holds these values. The bound keeps recursion over values, their
    /// release included, within the stack.
    static func depth(around values: [Jinja.Value]) throws -> Int {
        let depth = 1 + (values.lazy.map(\.depth).max() ?? 0)
        guard depth <= Jinja.Limits.valueDepth else {
            throw Jinja.Failure.limit(
                "lists and mappings nested deeper than \(Jinja.Limits.valueDepth) levels")
        }
        return depth
    }

    var isUndefined: Bool {
        if case .undefined = self { true } else { false }
    }

    var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The name of the value's type in Python.
    var typeName: String {
        switch self {
        case .undefined: "Undefined"
        case .null: "NoneType"
        case .bool: "bool"
        case .int: "int"
        case .float: "float"
        case .string: "str"
        case .dictionary: "dict"
        case .object(let object): object.typeName
        case .sequence(let sequence):
            switch sequence.kind {
            case .list: "list"
            case .tuple, .group: "tuple"
            case .range: "range"
            case .view(let name): name
            }
        }
    }

    /// The value's truth in a condition.
    var isTrue: Bool {
        switch self {
        case .undefined, .null: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .float(let value): value != 0
        case .string(let value): !value.isEmpty
        case .sequence(let sequence): !sequence.elements.isEmpty
        case .dictionary(let dictionary): !dictionary.members.isEmpty
        case .object: true
        }
    }

    /// Booleans count as 0 and 1.
    var integer: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .int(let value): value
        default: nil
        }
    }

    var number: Double? {
        if case .float(let value) = self { value } else { integer.map(Double.init) }
    }
}
