import FoundationEssentials
import PluginCommon

/// The JSON of tasks.
enum TaskJSON {
    /// - Throws: `BertError.input` naming what is missing or of the wrong kind.
    static func input<T: Decodable>(
        _ json: [UInt8], of task: String, as type: T.Type = T.self
    ) throws -> T {
        do {
            return try T(json: json, quotes: false)
        } catch let problem as JSONProblem {
            throw BertError.input(task: task, problem)
        }
    }

    /// One line.
    static func event(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

extension Array<Unicode.Scalar> {
    /// The text of some of the code points.
    func text(_ range: Range<Int>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: self[range.clamped(to: indices)])
        return String(text)
    }
}
