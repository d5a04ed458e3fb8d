import Engine
import JSON
import SearchCollections

/// What people write: templates, JSON, tables.
enum Texts {
    /// Work, output and depth of a template are bounded; libFuzzer's time-out holds it to that.
    static func render(_ bytes: [UInt8]) throws {
        let template = try ChatTemplate(source: String(decoding: bytes, as: UTF8.self))
        for prompts in [true, false] {
            _ = try template.render(
                messages: conversation, tools: nil, addGenerationPrompt: prompts, bosToken: "<s>",
                eosToken: "</s>")
        }
    }

    private static let conversation: JSONValue = [
        ["role": "system", "content": "You are terse."],
        ["role": "user", "content": "Hi <|im_end|> \u{e9}"],
        ["role": "assistant", "content": "", "tool_calls": [["function": ["name": "f"]]]],
    ]

    /// What was read and is written again reads the same.
    static func readJSON(_ bytes: [UInt8]) throws {
        let value = try JSONValue(parsing: bytes)
        var writer = JSONWriter(style: .compact)
        writer.write(value)
        let again = try JSONValue(parsing: writer.text)
        precondition(again == value, "JSON reads otherwise after it was written")
    }

    /// The first byte says the format and where the document is cut: pieces and the whole give the
    /// same rows.
    static func readRows(_ bytes: [UInt8]) throws {
        guard let choice = bytes.first else { return }
        let formats = DocumentFormat.allCases
        let format = formats[Int(choice) % formats.count]
        let document = Array(bytes.dropFirst())
        let whole = Result { try rows(of: [document], format) }
        let cut = document.count * Int(choice) / 256
        let pieces = Result {
            try rows(of: [Array(document[..<cut]), Array(document[cut...])], format)
        }
        switch (whole, pieces) {
        case (.success(let whole), .success(let pieces)):
            precondition(whole == pieces, "a document in two pieces gives other rows")
        case (.failure, .failure): break
        default: preconditionFailure("a document is refused in one way of reading it only")
        }
    }

    private static func rows(of pieces: [[UInt8]], _ format: DocumentFormat) throws -> [String] {
        var reader = DocumentReader(format)
        var read = ReadRows()
        for piece in pieces { try reader.read(piece, into: &read) }
        try reader.finish(into: &read)
        return read.rows.map { "\($0.line) \($0.values)" }
            + read.refused.map { "\($0.line) refused: \($0.message)" }
    }
}
