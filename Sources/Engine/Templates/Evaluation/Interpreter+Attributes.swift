extension Jinja.Interpreter {
    /// `value.name`: a method of the value's type, else the element with that key.
    func attribute(_ name: String, of value: Value) throws -> Value {
        switch value {
        case .undefined(let problem): throw Failure(problem)
        case .object(let object):
            if let attribute = try object.attribute(name) { return attribute }
        case .dictionary(let dictionary):
            if Self.hasMethod(name, value) { return .object(Jinja.Method(name, of: value)) }
            if let element = dictionary[name] { return element }
        case .sequence(let sequence):
            if case .group = sequence.kind, let position = ["grouper", "list"].firstIndex(of: name)
            {
                return sequence.elements[position]
            }
            fallthrough
        default:
            if Self.hasMethod(name, value) { return .object(Jinja.Method(name, of: value)) }
        }
        return .undefined("'\(value.typeName) object' has no attribute '\(name)'")
    }

    /// `value[index]`: the element there, else the attribute of that name.
    func item(_ index: Value, of value: Value) throws -> Value {
        switch value {
        case .undefined(let problem): throw Failure(problem)
        case .dictionary(let dictionary):
            if let element = dictionary[try Jinja.Key(index)] { return element }
        case .sequence(let sequence):
            if case .view = sequence.kind { break }
            if let position = position(index, in: sequence.elements.count) {
                return sequence.elements[position]
            }
        case .string(let text):
            let scalars = text.unicodeScalars
            try budget.spend(bytes: text.utf8.count)
            if let position = position(index, in: scalars.count) {
                let start = scalars.index(scalars.startIndex, offsetBy: position)
                return .string(text[start..<scalars.index(after: start)])
            }
        default: break
        }
        if case .string(let name) = index { return try attribute(name.string, of: value) }
        return .undefined(
            "'\(value.typeName) object' has no element \(try index.representation(budget).string)")
    }

    /// The place that an index means in `count` elements; negative ones count from the end.
    private func position(_ index: Value, in count: Int) -> Int? {
        guard let index = index.integer else { return nil }
        let position = index < 0 ? index + count : index
        return 0..<count ~= position ? position : nil
    }

    // MARK: - Slices

    func evaluate(_ slice: Jinja.Slice, of value: Value) throws -> Value {
        let bounds = try (
            start: bound(slice.start), stop: bound(slice.stop), step: bound(slice.step)
        )
        switch value {
        case .undefined(let problem): throw Failure(problem)
        case .string(let text):
            try budget.spend(bytes: text.utf8.count * 4)
            return .string(try sliced(text, bounds))
        case .sequence(let sequence):
            let elements = try places(bounds, sequence.elements.count).map { sequence.elements[$0] }
            try budget.spend(elements.count)
            return sequence.isTuple ? try .tuple(elements) : try .list(elements)
        default:
            throw Failure("'\(value.typeName)' object cannot be sliced")
        }
    }

    private func sliced(
        _ text: Jinja.Text, _ bounds: (start: Int?, stop: Int?, step: Int?)
    ) throws -> Jinja.Text {
        let scalars = text.unicodeScalars
        let places = Array(try places(bounds, scalars.count))
        guard bounds.step ?? 1 == 1 else {
            let characters = text.characters
            return places.map { characters[$0] }.joined()
        }
        guard let first = places.first, let last = places.last else { return "" }
        let start = scalars.index(scalars.startIndex, offsetBy: first)
        return text[start..<scalars.index(start, offsetBy: last - first + 1)]
    }

    private func bound(_ expression: Jinja.Expression?) throws -> Int? {
        guard let expression else { return nil }
        switch try evaluate(expression) {
        case .null: return nil
        case .undefined(let problem): throw Failure(problem)
        case let value:
            guard let integer = value.integer else {
                throw Failure("slice indices must be integers, found \(value.typeName)")
            }
            return integer
        }
    }

    /// The indexes that Python's `[start:stop:step]` picks out of `count` elements.
    private func places(
        _ bounds: (start: Int?, stop: Int?, step: Int?), _ count: Int
    ) throws -> StrideTo<Int> {
        let step = min(max(bounds.step ?? 1, -count - 1), count + 1)
        guard step != 0 else { throw Failure("slice step cannot be zero") }
        let (lowest, highest) = step > 0 ? (0, count) : (-1, count - 1)
        func clamped(_ bound: Int?, _ standard: Int) -> Int {
            guard let bound else { return standard }
            return min(max(bound < 0 ? bound + count : bound, lowest), highest)
        }
        let start = clamped(bounds.start, step > 0 ? lowest : highest)
        let stop = clamped(bounds.stop, step > 0 ? highest : lowest)
        return stride(from: start, to: stop, by: step)
    }
}
