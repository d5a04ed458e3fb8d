import JSON

/// A schema that must hold, or must not.
struct SchemaTerm: Hashable {
    var node: Int32
    var isNegated = false

    var opposite: SchemaTerm { SchemaTerm(node: node, isNegated: !isNegated) }
}

/// One of the ways to satisfy a schema: what holds of values of each type.
struct SchemaShape {
    struct Kinds: OptionSet, Hashable {
        let rawValue: UInt8
        static let null = Kinds(rawValue: 1)
        static let `true` = Kinds(rawValue: 2)
        static let `false` = Kinds(rawValue: 4)
        static let number = Kinds(rawValue: 8)
        static let string = Kinds(rawValue: 16)
        static let array = Kinds(rawValue: 32)
        static let object = Kinds(rawValue: 64)
        static let boolean: Kinds = [.true, .false]
        static let scalar: Kinds = [.null, .true, .false, .number, .string]
        static let any = Kinds(rawValue: 127)
    }

    enum NumberRule: Hashable {
        case integer(Bool)
        /// How the number may compare with a bound.
        case compares(Decimal, [Decimal.Order])
        case multiple(of: Decimal, Bool)
        case oneOf([Decimal])
    }

    enum StringRule: Hashable {
        case length(ClosedRange<Int>)
        case pattern(String, Bool)
        case format(String)
        case oneOf([String], Bool)
    }

    /// A rule with the place of its keyword.
    struct Placed<Rule: Hashable>: Hashable {
        var rule: Rule
        var pointer: String
    }

    struct ArrayRules {
        /// `prefixItems` and `items` of one schema.
        struct Group {
            var prefix: [SchemaTerm]
            var rest: SchemaTerm?
            /// Whether its elements are evaluated for `unevaluatedItems`.
            var evaluates = true
        }

        struct Contains {
            var term: SchemaTerm
            var least: Int
            var most: Int?
        }

        var groups: [Group] = []
        var least = 0
        var most: Int?
        var contains: [Contains] = []
        /// Where `uniqueItems` stands.
        var unique: String?
    }

    struct ObjectRules {
        /// `properties`, `patternProperties` and `additionalProperties` of one schema.
        struct Group {
            var properties: [(name: String, term: SchemaTerm)] = []
            var patterns: [(pattern: String, term: SchemaTerm, pointer: String)] = []
            var others: SchemaTerm?
            var evaluates = true
        }

        var groups: [Group] = []
        var required: [String] = []
        var names: [SchemaTerm] = []
        var least = 0
        var most: Int?
    }

    var kinds = Kinds.any
    var numbers: [Placed<NumberRule>] = []
    var strings: [Placed<StringRule>] = []
    var array = ArrayRules()
    var object = ObjectRules()

    /// The same as part of a negation, which evaluates nothing for `unevaluatedItems` and
    /// `unevaluatedProperties`.
    var unevaluated: SchemaShape {
        var shape = self
        for index in array.groups.indices { shape.array.groups[index].evaluates = false }
        for index in object.groups.indices { shape.object.groups[index].evaluates = false }
        return shape
    }

    /// Both hold.
    func and(_ other: SchemaShape) -> SchemaShape {
        var both = self
        both.kinds.formIntersection(other.kinds)
        both.numbers += other.numbers.filter { !numbers.contains($0) }
        both.strings += other.strings.filter { !strings.contains($0) }
        both.array.groups += other.array.groups
        both.array.least = max(array.least, other.array.least)
        both.array.most = [array.most, other.array.most].compactMap { $0 }.min()
        both.array.contains += other.array.contains
        both.array.unique = array.unique ?? other.array.unique
        both.object.groups += other.object.groups
        both.object.required += other.object.required.filter { !object.required.contains($0) }
        both.object.names += other.object.names
        both.object.least = max(object.least, other.object.least)
        both.object.most = [object.most, other.object.most].compactMap { $0 }.min()
        return both
    }
}
