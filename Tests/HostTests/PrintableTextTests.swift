import Host
import Testing

@Suite struct PrintableTextTests {
    @Test(arguments: [
        ("banana\n\u{1b}[31m", "banana\\n\\u{1b}[31m"), ("a\u{7f}\u{9b}1m", "a\\u{7f}\\u{9b}1m"),
        ("é 漢 👩‍👩‍👧 \u{5d0}", "é 漢 👩‍👩‍👧 \u{5d0}"), ("a\u{202e}b\u{2028}", "a\\u{202e}b\\u{2028}"),
        ("", ""),
    ])
    func whatCommandsATerminalIsWrittenOut(text: String, printable: String) {
        #expect(text.printable == printable)
    }

    @Test func aTextOfSeveralLinesKeepsItsLines() {
        #expect(
            "a\n\tb\u{1b}]52;c;Zm9v\u{7}\r".printableLines == "a\n\tb\\u{1b}]52;c;Zm9v\\u{7}\\u{d}")
    }

    @Test(arguments: [
        ("cannot read /srv/models/a.gguf: no", "cannot read a.gguf: no"),
        ("/srv/a b: x (/x/y)", "a b: x (y)"), ("'/srv/my models/a' is", "'a' is"),
        ("1/2 of text/plain, org/name", "1/2 of text/plain, org/name"), ("path=/a/b", "path=b"),
    ])
    func foldersAreLeftOut(text: String, without: String) {
        #expect(text.withoutFolders == without)
    }
}
