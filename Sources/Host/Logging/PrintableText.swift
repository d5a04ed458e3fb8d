extension String {
    /// The text for one line of a terminal: characters that could control it, or reorder others,
    /// are written as `\\u{1b}`, line ends as `\\n`.
    package var printable: String {
        escaped(\.commands)
    }

    /// The same for a text of several lines: ends of lines and tabs stay what they are.
    package var printableLines: String {
        escaped { $0.commands && $0 != "\n" && $0 != "\t" }
    }

    private func escaped(_ isEscaped: (Unicode.Scalar) -> Bool) -> String {
        guard unicodeScalars.contains(where: isEscaped) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            if !isEscaped(scalar) {
                text.unicodeScalars.append(scalar)
            } else if scalar == "\n" {
                text += "\\n"
            } else {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return text
    }

    /// The text with the last components of absolute paths in place of the paths.
    package var withoutFolders: String {
        replacing(/'\/[^']*'/) { match in
            "'\(match.output.dropLast().split(separator: "/").last ?? "")'"
        }
        .replacing(/(^|[\s"(=])\/(?:[^\s"'()\/]*\/)*/) { $0.output.1 }
    }
}

extension Unicode.Scalar {
    fileprivate var commands: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        case .format: (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
        default: false
        }
    }
}
