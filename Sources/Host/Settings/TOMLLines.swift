/// The line of every key of a valid TOML document.
///
/// The parser keeps no positions of values, so the keys are found again here. A table is known by
/// its path, an element of an array of tables by its index: `["models", "0", "name"]`. Keys within
/// inline tables and arrays have the line of the key that holds them.
struct TOMLLines {
    private var lines: [[String]: Int] = [:]
    private var elements: [[String]: Int] = [:]

    init(_ text: String) {
        var scanner = TOMLScanner(text)
        var table: [String] = []
        while scanner.skipToStatement() {
            let line = scanner.line
            if scanner.take("[[") {
                table = appendElement(scanner.key(), line: line)
                scanner.skipLine()
            } else if scanner.take("[") {
                table = resolve(scanner.key())
                note(table, line)
                scanner.skipLine()
            } else {
                note(table, adding: scanner.key(), line)
                scanner.skipValue()
            }
        }
    }

    subscript(_ path: [String]) -> Int? {
        lines[path]
    }

    /// `models.settings` after the second `[[models]]` is `models.1.settings`.
    private func resolve(_ key: [String]) -> [String] {
        key.reduce(into: []) { path, part in
            path.append(part)
            if let count = elements[path] { path.append(String(count - 1)) }
        }
    }

    private mutating func appendElement(_ key: [String], line: Int) -> [String] {
        let array = resolve(key.dropLast()) + key.suffix(1)
        let index = elements[array, default: 0]
        elements[array] = index + 1
        note(array, line)
        note(array + [String(index)], line)
        return array + [String(index)]
    }

    private mutating func note(_ table: [String], adding key: [String], _ line: Int) {
        for length in 1...max(1, key.count) {
            note(table + key.prefix(length), line)
        }
    }

    /// The first line that mentions a path is its line.
    private mutating func note(_ path: [String], _ line: Int) {
        if lines[path] == nil { lines[path] = line }
    }
}
