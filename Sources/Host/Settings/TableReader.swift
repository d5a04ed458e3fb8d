/// Reads one table of a TOML document and reports what is wrong with it.
///
/// A value of the wrong type is reported and read as absent, so that one pass finds every mistake.
struct TableReader {
    let path: String
    let line: Int
    let problems: ProblemList
    private let members: [String: TOMLDocument.Node]
    private var known: [String] = []

    init(_ members: [String: TOMLDocument.Node], path: String, line: Int, problems: ProblemList) {
        self.members = members
        self.path = path
        self.line = line
        self.problems = problems
        problems.note(line, of: path)
        for (key, node) in members { problems.note(node.line, of: full(key)) }
    }

    /// The name of a key in messages: `server.listen`.
    func full(_ key: String) -> String {
        path.isEmpty ? key : "\(path).\(key)"
    }

    /// Reports a problem with `key`, at its line or, where it is missing, at the table's.
    func report(_ message: String, _ key: String, isFatal: Bool = true) {
        problems.add(
            message, key: full(key), line: members[key]?.line ?? line, isFatal: isFatal)
    }

    mutating func has(_ key: String) -> Bool {
        known.append(key)
        return members[key] != nil
    }

    /// The value of `key` as `read` accepts it; nil if the key is absent or the value wrong.
    mutating func value<Value>(
        _ key: String, expected: String, read: (TOMLDocument.Value) -> Value?
    ) -> Value? {
        known.append(key)
        guard let node = members[key] else { return nil }
        if let value = read(node.value) { return value }
        report("found \(node.value.named), expected \(expected)", key)
        return nil
    }

    /// Reports the keys that were not read.
    func finish() {
        for (key, node) in members where !known.contains(key) {
            let nearest = NearestName.of(key, among: known)
            let remedy =
                nearest.map { "did you mean \"\($0)\"?" }
                ?? "known keys: \(known.sorted().joined(separator: ", "))"
            problems.add("unknown key; \(remedy)", key: full(key), line: node.line)
        }
    }
}

// MARK: - Types of values

extension TableReader {
    mutating func string(_ key: String, expected: String = "a string") -> String? {
        value(key, expected: expected) {
            if case .string(let text) = $0 { text } else { nil }
        }
    }

    mutating func bool(_ key: String) -> Bool? {
        value(key, expected: "true or false") {
            if case .bool(let flag) = $0 { flag } else { nil }
        }
    }

    mutating func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        value(key, expected: "an integer from \(range.lowerBound) to \(range.upperBound)") {
            if case .integer(let number) = $0, range.contains(number) { number } else { nil }
        }
    }

    mutating func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
        value(key, expected: "a number from \(range.lowerBound) to \(range.upperBound)") {
            switch $0 {
            case .integer(let number) where range.contains(Double(number)): Double(number)
            case .double(let number) where range.contains(number): number
            default: nil
            }
        }
    }

    mutating func duration(_ key: String) -> Duration? {
        value(key, expected: "a duration such as \"90s\", \"10m\" or \"1h\"") {
            if case .string(let text) = $0 { Units.duration(text) } else { nil }
        }
    }

    /// A duration greater than zero.
    mutating func time(_ key: String) -> Duration? {
        value(key, expected: "a duration above zero, such as \"90s\", \"10m\" or \"1h\"") {
            guard case .string(let text) = $0, let time = Units.duration(text) else { return nil }
            return time > .zero ? time : nil
        }
    }

    /// A size above zero.
    mutating func bytes(_ key: String) -> UInt64? {
        value(key, expected: "a size such as \"512MB\" or \"12GiB\"") {
            guard case .string(let text) = $0, let bytes = Units.bytes(text) else { return nil }
            return bytes > 0 ? bytes : nil
        }
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(_ key: String) -> Choice?
    where Choice.RawValue == String {
        let names = Choice.allCases.map { "\"\($0.rawValue)\"" }
        return value(key, expected: names.joined(separator: " or ")) {
            if case .string(let text) = $0 { Choice(rawValue: text) } else { nil }
        }
    }

    /// The strings of an array; one string alone counts as an array of one.
    mutating func strings(_ key: String) -> [String]? {
        value(key, expected: "an array of strings") { value in
            switch value {
            case .string(let text):
                return [text]
            case .array(let nodes):
                let texts = nodes.compactMap { node -> String? in
                    if case .string(let text) = node.value { text } else { nil }
                }
                return texts.count == nodes.count ? texts : nil
            default:
                return nil
            }
        }
    }

    mutating func table(_ key: String) -> [String: TOMLDocument.Node]? {
        value(key, expected: "a table") {
            if case .table(let members) = $0 { members } else { nil }
        }
    }

    mutating func tables(_ key: String) -> [TableReader] {
        let nodes = value(key, expected: "an array of tables, [[\(key)]]") { value in
            if case .array(let nodes) = value { nodes } else { nil }
        }
        return (nodes ?? []).enumerated().compactMap { index, node in
            let path = "\(full(key))[\(index)]"
            guard case .table(let members) = node.value else {
                problems.add(
                    "found \(node.value.named), expected a table", key: path, line: node.line)
                return nil
            }
            return TableReader(members, path: path, line: node.line, problems: problems)
        }
    }
}
