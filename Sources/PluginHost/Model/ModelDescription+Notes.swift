import FoundationEssentials

extension ModelDescription {
    private static let mostNotes = 16
    private static let longestNote = 500

    /// What the plugin had to assume or leave out when it opened the model: "notes" of its `info_json`.
    package var notes: [String] {
        struct Info: Decodable { var notes: [String]? }
        let info = try? JSONDecoder().decode(Info.self, from: Data(infoJSON))
        let notes = (info?.notes ?? []).prefix(Self.mostNotes)
        return notes.map { String($0.prefix(Self.longestNote)) }
    }
}
