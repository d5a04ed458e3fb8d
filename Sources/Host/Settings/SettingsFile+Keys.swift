extension SettingsFile {
    /// The keys of an array: each a text, or a table that also says how its requests stand.
    func keys(
        _ key: String, _ table: inout TableReader
    ) -> (keys: [String], standings: [Owner: Standing]) {
        let line = table.line
        let nodes = table.value(
            key, expected: "an array of keys, or of tables with 'key', 'priority' and 'share'"
        ) { value -> [TOMLDocument.Node]? in
            switch value {
            case .string: [TOMLDocument.Node(value: value, line: line)]
            case .array(let nodes): nodes
            default: nil
            }
        }
        var keys: [String] = []
        var standings: [Owner: Standing] = [:]
        for (index, node) in (nodes ?? []).enumerated() {
            switch node.value {
            case .string(let text):
                secret(text, key, &table).map { keys.append($0) }
            case .table(let members):
                var reader = TableReader(
                    members, path: "\(table.full(key))[\(index)]", line: node.line,
                    problems: problems)
                guard let (text, standing) = self.standing(&reader) else { continue }
                keys.append(text)
                standings[Owner(key: text)] = standing
            default:
                problems.add(
                    "found \(node.value.named), expected a key",
                    key: "\(table.full(key))[\(index)]", line: node.line)
            }
        }
        return (keys, standings)
    }

    private func standing(_ reader: inout TableReader) -> (key: String, Standing)? {
        let text = reader.string("key", expected: "a key, \"env:NAME\" or \"file:PATH\"")
        var standing = Standing()
        standing.priority = reader.integer("priority", in: -1000...1000) ?? 0
        standing.share = reader.number("share", in: 0.001...1000) ?? 1
        reader.finish()
        guard let text else {
            reader.report("is missing", "key")
            return nil
        }
        return secret(text, "key", &reader).map { ($0, standing) }
    }

    private func secret(_ text: String, _ key: String, _ table: inout TableReader) -> String? {
        switch Secrets(paths: paths).read(text) {
        case .success(let value): return value
        case .failure(let refusal):
            table.report(refusal.reason, key)
            return nil
        }
    }
}
