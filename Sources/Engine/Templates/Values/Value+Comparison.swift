extension Jinja.Value {
    /// Python's `==`.
    func equals(_ other: Jinja.Value, _ budget: Jinja.Budget) throws -> Bool {
        try budget.spend(1)
        switch (self, other) {
        case (.undefined, .undefined), (.null, .null): return true
        case (.string(let left), .string(let right)):
            try budget.spend(bytes: min(left.utf8.count, right.utf8.count))
            return left.utf8.elementsEqual(right.utf8)
        case (.sequence(let left), .sequence(let right)):
            return try Self.equal(left, right, budget)
        case (.dictionary(let left), .dictionary(let right)):
            return try Self.equal(left, right, budget)
        case (.object(let left), .object(let right)): return left === right
        default:
            if let left = integer, let right = other.integer { return left == right }
            if let left = number, let right = other.number { return left == right }
            return false
        }
    }

    private static func equal(
        _ left: Jinja.Sequence, _ right: Jinja.Sequence, _ budget: Jinja.Budget
    ) throws -> Bool {
        switch (left.kind, right.kind) {
        case (.list, .list), (.range, .range), (.view, .view): break
        default: guard left.isTuple, right.isTuple else { return false }
        }
        guard left.elements.count == right.elements.count else { return false }
        return try zip(left.elements, right.elements).allSatisfy { try $0.equals($1, budget) }
    }

    private static func equal(
        _ left: Jinja.Dictionary, _ right: Jinja.Dictionary, _ budget: Jinja.Budget
    ) throws -> Bool {
        guard left.members.count == right.members.count else { return false }
        return try left.members.allSatisfy { member in
            guard let other = right[try Jinja.Key(member.key)] else { return false }
            return try member.value.equals(other, budget)
        }
    }

    /// Python's `<`, between numbers, between texts and between lists.
    func isLess(than other: Jinja.Value, _ budget: Jinja.Budget) throws -> Bool {
        try budget.spend(1)
        switch (self, other) {
        case (.undefined(let problem), _), (_, .undefined(let problem)):
            throw Jinja.Failure(problem)
        case (.string(let left), .string(let right)):
            try budget.spend(bytes: min(left.utf8.count, right.utf8.count))
            return left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.sequence(let left), .sequence(let right)) where left.isTuple == right.isTuple:
            for (left, right) in zip(left.elements, right.elements)
            where try !left.equals(right, budget) {
                return try left.isLess(than: right, budget)
            }
            return left.elements.count < right.elements.count
        default:
            if let left = integer, let right = other.integer { return left < right }
            if let left = number, let right = other.number { return left < right }
            throw Jinja.Failure(
                "'<' not supported between instances of '\(typeName)' and '\(other.typeName)'")
        }
    }

    /// Python's `element in self`.
    func contains(_ element: Jinja.Value, _ budget: Jinja.Budget) throws -> Bool {
        switch self {
        case .string(let text):
            guard case .string(let part) = element else {
                throw Jinja.Failure(
                    "'in <string>' requires string as left operand, not \(element.typeName)")
            }
            try budget.spend(bytes: text.utf8.count)
            return text.string.contains(exactly: part.string)
        case .dictionary(let dictionary): return dictionary[try Jinja.Key(element)] != nil
        default:
            return try elements(budget).contains { try $0.equals(element, budget) }
        }
    }

    /// The elements of a loop over the value.
    func elements(_ budget: Jinja.Budget) throws -> [Jinja.Value] {
        switch self {
        case .undefined: return []
        case .sequence(let sequence):
            try budget.spend(sequence.elements.count)
            return sequence.elements
        case .dictionary(let dictionary):
            try budget.spend(dictionary.members.count)
            return dictionary.members.map(\.key)
        case .string(let text):
            try budget.spend(text.utf8.count)
            return text.characters.map(Jinja.Value.string)
        case .object(let object as Jinja.Generator): return object.take()
        default: throw Jinja.Failure("'\(typeName)' object is not iterable")
        }
    }

    /// The number of elements or code points: Python's `len`.
    func count(_ budget: Jinja.Budget) throws -> Int {
        switch self {
        case .undefined: return 0
        case .sequence(let sequence): return sequence.elements.count
        case .dictionary(let dictionary): return dictionary.members.count
        case .string(let text):
            try budget.spend(bytes: text.utf8.count)
            return text.unicodeScalars.count
        case .object(let loop as Jinja.Loop): return try loop.count()
        default: throw Jinja.Failure("object of type '\(typeName)' has no len()")
        }
    }
}
