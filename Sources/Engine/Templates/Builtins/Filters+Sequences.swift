extension Jinja.Interpreter {
    static let sequenceFilters: Filters = [
        "list": { interpreter, value, _ in try .list(value.elements(interpreter.budget)) },
        "first": { interpreter, value, _ in
            if case .object(let generator as Jinja.Generator) = value {
                return generator.takeFirst() ?? noElement("first")
            }
            return try value.elements(interpreter.budget).first ?? noElement("first")
        },
        "last": { interpreter, value, _ in
            if case .object(let object) = value {
                throw Failure("'\(object.typeName)' object is not reversible")
            }
            return try value.elements(interpreter.budget).last ?? noElement("last")
        },
        "random": { interpreter, value, _ in
            try value.elements(interpreter.budget).randomElement()
                ?? .undefined("no random item, sequence was empty")
        },
        "join": { try $0.joined($1, $2) },
        "reverse": { interpreter, value, _ in
            if case .string(let text) = value {
                try interpreter.budget.spend(bytes: text.utf8.count)
                return .string(text.reversed)
            }
            return .object(try Jinja.Generator(value.elements(interpreter.budget).reversed()))
        },
        "sort": { interpreter, value, arguments in
            let bound = try arguments.bound("sort", "reverse", "case_sensitive", "attribute")
            let elements = try value.elements(interpreter.budget)
            let keys = try interpreter.sortKeys(elements, bound[2], bound[1]?.isTrue ?? false)
            return try .list(
                interpreter.sorted(elements, by: keys, descending: bound[0]?.isTrue ?? false))
        },
        "unique": { try $0.unique($1, $2) },
        "min": { try $0.extreme($1, $2, "min") },
        "max": { try $0.extreme($1, $2, "max") },
        "sum": { try $0.sum($1, $2) },
        "groupby": { try $0.grouped($1, $2) },
        "batch": { try $0.batches($1, $2) },
        "slice": { try $0.columns($1, $2) },
    ]

    private static func noElement(_ which: String) -> Value {
        .undefined("there is no \(which) element, the sequence is empty")
    }

    private func joined(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound("join", "d", "attribute")
        let separator = try bound[0].map(text(of:)) ?? ""
        var result = Jinja.TextBuilder()
        for (index, element) in try value.elements(budget).enumerated() {
            let element = try bound[1].map { try self.path($0, of: element) } ?? element
            let text = try text(of: element)
            try budget.check(
                bytes: result.string.utf8.count + separator.utf8.count + text.utf8.count)
            try budget.spend(separator.runs)
            if index > 0 { result.append(separator) }
            result.append(text)
        }
        return .string(result.text)
    }

    // MARK: - Paths

    /// The value of `attribute='a.b.0'` for an element; a missing step gives `standard`, if there
    /// is one.
    func path(_ path: Value, of element: Value, standard: Value? = nil) throws -> Value {
        guard case .string(let text) = path else {
            return try step(path, of: element, standard)
        }
        return try text.string.split(separator: ".", omittingEmptySubsequences: false)
            .reduce(element) { value, name in
                let isIndex = !name.isEmpty && name.utf8.allSatisfy(\.isDigit)
                let index = isIndex ? Int(name).map(Value.int) : nil
                return try step(index ?? .string(Jinja.Text(String(name))), of: value, standard)
            }
    }

    private func step(_ index: Value, of value: Value, _ standard: Value?) throws -> Value {
        let item = try item(index, of: value)
        return item.isUndefined ? standard ?? item : item
    }

    /// The keys by which `sort` compares; several attributes, separated by commas, make tuples.
    private func sortKeys(
        _ elements: [Value], _ attribute: Value?, _ isCaseSensitive: Bool
    ) throws -> [Value] {
        guard case .string(let text) = attribute else {
            return try elements.map { try key($0, attribute, isCaseSensitive) }
        }
        let paths = text.string.split(separator: ",", omittingEmptySubsequences: false)
            .map { Value.string(Jinja.Text(String($0))) }
        return try elements.map { element in
            try .tuple(
                paths.map { try folded(path($0, of: element), isCaseSensitive) })
        }
    }

    private func key(
        _ element: Value, _ attribute: Value?, _ isCaseSensitive: Bool
    ) throws -> Value {
        try folded(attribute.map { try path($0, of: element) } ?? element, isCaseSensitive)
    }

    // MARK: - Reductions

    private func unique(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound("unique", "case_sensitive", "attribute")
        var seen: Set<Jinja.Key> = []
        let elements = try value.elements(budget).filter { element in
            seen.insert(try Jinja.Key(key(element, bound[1], bound[0]?.isTrue ?? false))).inserted
        }
        return .object(try Jinja.Generator(elements))
    }

    private func extreme(
        _ value: Value, _ arguments: Jinja.Arguments, _ name: String
    ) throws -> Value {
        let bound = try arguments.bound(name, "case_sensitive", "attribute")
        let elements = try value.elements(budget)
        guard var best = elements.first else {
            return .undefined("there is no aggregated element, the sequence is empty")
        }
        var bestKey = try key(best, bound[1], bound[0]?.isTrue ?? false)
        for element in elements.dropFirst() {
            let key = try key(element, bound[1], bound[0]?.isTrue ?? false)
            let isBetter =
                name == "min"
                ? try key.isLess(than: bestKey, budget) : try bestKey.isLess(than: key, budget)
            if isBetter { (best, bestKey) = (element, key) }
        }
        return best
    }

    private func sum(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound("sum", "attribute", "start")
        let start = bound[1] ?? .int(0)
        if case .string = start { throw Failure("sum cannot add texts, use join") }
        return try value.elements(budget).reduce(start) { sum, element in
            try calculate(sum, .add, bound[0].map { try path($0, of: element) } ?? element)
        }
    }

    // MARK: - Groups

    private func grouped(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound("groupby", "attribute", "default", "case_sensitive")
        let attribute = bound[0] ?? .string("")
        func grouper(_ element: Value) throws -> Value {
            try path(attribute, of: element, standard: bound[1])
        }
        let elements = try value.elements(budget)
        let isCaseSensitive = bound[2]?.isTrue ?? false
        let keys = try elements.map { try folded(grouper($0), isCaseSensitive) }
        var groups: [(key: Value, elements: [Value])] = []
        for index in try sorted(elements.indices.map(Value.int), by: keys, descending: false) {
            let position = index.integer ?? 0
            if let last = groups.last, try last.key.equals(keys[position], budget) {
                groups[groups.count - 1].elements.append(elements[position])
            } else {
                groups.append((keys[position], [elements[position]]))
            }
        }
        return try .list(
            groups.map { group in
                let members = [try grouper(group.elements[0]), try .list(group.elements)]
                return .sequence(try Jinja.Sequence(.group, members))
            })
    }

    private func batches(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound("batch", "linecount", "fill_with")
        let size = try positive(bound[0], "batch")
        let elements = try value.elements(budget)
        let batches = try stride(from: 0, to: elements.count, by: size).map { start in
            var batch = Array(elements[start..<start + min(size, elements.count - start)])
            if let filler = bound[1], !filler.isNull, batch.count < size {
                try budget.spend(size)
                batch += Array(repeating: filler, count: size - batch.count)
            }
            return try Value.list(batch)
        }
        return .object(try Jinja.Generator(batches))
    }

    private func columns(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound("slice", "slices", "fill_with")
        let count = try positive(bound[0], "slice")
        let elements = try value.elements(budget)
        try budget.spend(count)
        let (size, longer) = elements.count.quotientAndRemainder(dividingBy: count)
        var rest = elements[...]
        let columns = try (0..<count).map { column in
            let length = size + (column < longer ? 1 : 0)
            var slice = Array(rest.prefix(length))
            rest = rest.dropFirst(length)
            if let filler = bound[1], !filler.isNull, column >= longer { slice.append(filler) }
            return try Value.list(slice)
        }
        return .object(try Jinja.Generator(columns))
    }

    private func positive(_ value: Value?, _ name: String) throws -> Int {
        guard let count = value?.integer, count > 0 else {
            throw Failure("\(name) needs a number above 0")
        }
        return count
    }
}
