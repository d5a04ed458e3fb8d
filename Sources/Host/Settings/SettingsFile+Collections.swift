import SearchCollections

// MARK: - [search] and [[collections]]

extension SettingsFile {
    func search(_ table: inout TableReader) -> Settings.Search {
        var search = Settings.Search()
        search.threads = table.integer("threads", in: 1...256) ?? search.threads
        search.graphAbove =
            table.integer("graph_above", in: 1...1_000_000_000) ?? search.graphAbove
        search.largestImport = largestImport(&table) ?? search.largestImport
        return search
    }

    private func largestImport(_ table: inout TableReader) -> Int? {
        table.value("max_import", expected: "a size from \"1kB\" to \"1TB\"") { value in
            guard case .string(let text) = value, let bytes = Units.bytes(text),
                (1000...1_000_000_000_000).contains(bytes)
            else { return nil }
            return Int(bytes)
        }
    }

    func collectionTables(_ root: inout TableReader) -> [Settings.Collection] {
        var lines: [String: Int] = [:]
        return root.tables("collections").compactMap { table in
            var table = table
            defer { table.finish() }
            guard let collection = collection(&table) else { return nil }
            if let line = lines.updateValue(table.line, forKey: collection.name) {
                table.report(
                    "\"\(collection.name)\" is already the collection of line \(line)", "name")
            }
            return collection
        }
    }

    private func collection(_ table: inout TableReader) -> Settings.Collection? {
        for (key, why) in [("name", "clients search it by that"), ("source", "name its file")]
        where !table.has(key) {
            table.report("missing; \(why)", key)
        }
        let name = table.string("name")
        if let name, (try? CollectionName.check(name)) == nil {
            table.report("found \"\(name)\", expected \(CollectionName.rule)", "name")
        }
        let source = table.string("source").map(paths.absolute)
        if let source, !Paths.exists(source) || Paths.isFolder(source) {
            table.report("no file at \(source)", "source")
        }
        let text = table.strings("text")
        let id = table.string("id")
        let model = table.string("model")
        let header = table.bool("header")
        guard let name, let source else { return nil }
        return Settings.Collection(
            name: name, source: source, text: text, id: id, model: model, hasHeader: header)
    }
}
