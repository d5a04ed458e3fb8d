/// Everything that is wrong with a settings file.
package struct SettingsError: Error, Equatable, CustomStringConvertible {
    package var problems: [Problem]

    /// One mistake, its place, and what would be right.
    package struct Problem: Equatable, Sendable, CustomStringConvertible {
        package var file: String
        package var line: Int?
        package var key: String
        package var message: String

        package var description: String {
            let place = line.map { "\(file):\($0)" } ?? file
            return key.isEmpty ? "\(place): \(message)" : "\(place): \(key): \(message)"
        }
    }

    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}

/// Collects problems while a file is read, so that all are reported at once.
final class ProblemList {
    private let file: String
    private(set) var problems: [SettingsError.Problem] = []
    private var isFatal = false
    /// The lines of the keys that were read, by their paths.
    private(set) var lines: [String: Int] = [:]

    init(file: String) {
        self.file = file
    }

    /// - Parameter isFatal: false for what keeps one model or plugin from serving, and nothing else.
    func add(_ message: String, key: String = "", line: Int? = nil, isFatal: Bool = true) {
        problems.append(.init(file: file, line: line, key: key, message: message))
        if isFatal { self.isFatal = true }
    }

    func note(_ line: Int, of key: String) {
        lines[key] = line
    }

    /// - Throws: `SettingsError` with everything added so far, in the order of the lines, if any of it is
    ///   fatal.
    func throwIfFatal() throws {
        guard isFatal else { return }
        throw SettingsError(problems: problems.sorted { ($0.line ?? 0) < ($1.line ?? 0) })
    }
}
