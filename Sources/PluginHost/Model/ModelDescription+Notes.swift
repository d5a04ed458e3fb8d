import JSON

extension ModelDescription {
    private static let mostNotes = 16
    private static let longestNote = 500

    /// What the plugin had to assume or omit when it opened the model: "notes" of its `info_json`.
    package var notes: [String] {
        let notes = (try? JSONValue(parsing: infoJSON))?["notes"]?.array ?? []
        return notes.compactMap(\.string).prefix(Self.mostNotes).map {
            String($0.prefix(Self.longestNote))
        }
    }
}
