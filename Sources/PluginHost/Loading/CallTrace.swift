import CHostShims

/// A note of the plugin call in progress, in memory that outlives the process that makes it.
struct CallTrace: @unchecked Sendable {
    /// Nil keeps no note.
    let word: UnsafeMutablePointer<Int32>?
    /// Where the plugin's words about opening stand.
    var opening = OpeningNote.none

    static let none = CallTrace(word: nil)

    func during<Result>(_ step: CallStep, _ body: () throws -> Result) rethrows -> Result {
        guard let word else { return try body() }
        let before = roost_word_load(word)
        roost_word_store(word, step.rawValue)
        defer { roost_word_store(word, before) }
        return try body()
    }

    var step: CallStep {
        word.flatMap { CallStep(rawValue: roost_word_load($0)) } ?? .idle
    }
}
