import Engine
import Host
import JSON
import NIOCore
import Testing

@Suite struct JSONTextTests {
    private func escaped(_ text: String) -> String {
        var buffer = ByteBuffer()
        JSONText.escape(text, into: &buffer)
        return String(buffer: buffer)
    }

    @Test(arguments: [
        "", "plain", "\"", "\\", "a\"b\\c", "line\nline\r\n\ttab", "\u{0}\u{1}\u{1F}\u{7F}",
        "é ü 漢 🙂",
        "\u{2028}\u{2029}", "ends\\", "\u{8}\u{C}",
    ])
    func whatIsEscapedReadsBackTheSame(text: String) throws {
        let json = "\"" + escaped(text) + "\""
        #expect(try JSONValue(parsing: json) == .string(text))
    }

    @Test func anEventNeverBreaksItsLine() {
        let all = String(String.UnicodeScalarView((0..<0x100).compactMap { Unicode.Scalar($0) }))
        #expect(escaped(all).utf8.allSatisfy { $0 >= 0x20 })
    }
}
