import JSON

extension Jinja {
    /// Splits a template into tokens, with the white space rules of `trim_blocks` and
    /// `lstrip_blocks`: the newline after a block tag is removed, and so are the blanks before one
    /// that starts its line.
    struct Lexer {
        let source: [UInt8]
        var offset = 0
        var line = 1
        var tokens: [Token] = []
        /// Whether the tag or text before ended with a newline, so that a tag here starts its line.
        private var startsLine = true
        /// Closing brackets still to come inside the tag.
        var open: [UInt8] = []

        init(_ source: String) {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(source.utf8.count)
            for byte in source.utf8 {
                if byte == .newline, bytes.last == .carriageReturn { bytes.removeLast() }
                bytes.append(byte)
            }
            self.source = Self.withoutLastNewline(
                bytes.map { $0 == .carriageReturn ? .newline : $0 })
        }

        private static func withoutLastNewline(_ bytes: [UInt8]) -> [UInt8] {
            bytes.last == .newline ? bytes.dropLast() : bytes
        }

        static func tokens(of source: String) throws(TemplateError) -> [Token] {
            var lexer = Lexer(source)
            while lexer.offset < lexer.source.count { try lexer.nextPiece() }
            lexer.add(.end)
            return lexer.tokens
        }

        mutating func add(_ kind: Token.Kind) { tokens.append(Token(kind: kind, line: line)) }

        /// The text up to the next tag, and that tag.
        private mutating func nextPiece() throws(TemplateError) {
            guard let begin = nextTag() else {
                addText(source[offset...])
                offset = source.count
                return
            }
            let kind = source[begin + 1]
            let sign = source.at(begin + 2)
            let hasSign = sign == .minus || sign == .plus
            let text = stripped(
                source[offset..<begin], sign: sign, isOutput: kind == .openBrace)
            let textLines = source[offset..<begin].newlines
            addText(text)
            line += textLines - text.newlines
            offset = begin + (hasSign ? 3 : 2)
            switch kind {
            case .hash: try comment()
            case .percent: if try !raw() { try tag(.blockBegin, .percent, .blockEnd) }
            default: try tag(.outputBegin, .closeBrace, .outputEnd)
            }
            startsLine = source[offset - 1] == .newline
        }

        private func nextTag() -> Int? {
            var position = offset
            while position + 1 < source.count {
                if source[position] == .openBrace {
                    let next = source[position + 1]
                    if next == .openBrace || next == .percent || next == .hash { return position }
                }
                position += 1
            }
            return nil
        }

        private mutating func addText(_ text: ArraySlice<UInt8>) {
            guard !text.isEmpty else { return }
            add(.text(String(decoding: text, as: UTF8.self)))
            line += text.newlines
        }

        /// The text before a tag, without what the tag's sign or `lstrip_blocks` strips from its
        /// end.
        private func stripped(
            _ text: ArraySlice<UInt8>, sign: UInt8?, isOutput: Bool
        ) -> ArraySlice<UInt8> {
            if sign == .minus {
                let kept = String(decoding: text, as: UTF8.self).strippedRight()
                return text.prefix(kept.utf8.count)
            }
            if sign == .plus || isOutput { return text }
            let lineStart = text.lastIndex(of: .newline).map { $0 + 1 }
            guard lineStart != nil || startsLine else { return text }
            let rest = text[(lineStart ?? text.startIndex)...]
            let isBlank = String(decoding: rest, as: UTF8.self).unicodeScalars
                .allSatisfy(\.isPythonSpace)
            return isBlank ? text.prefix(upTo: rest.startIndex) : text
        }

        private mutating func comment() throws(TemplateError) {
            guard let end = source.firstIndex(of: [.hash, .closeBrace], from: offset) else {
                throw .syntax("a comment is never closed by '#}'", line: line)
            }
            let sign = end > offset ? source[end - 1] : 0
            move(to: end + 2)
            skipAfter(sign: sign, newline: true)
        }

        mutating func move(to position: Int) {
            line += source[offset..<position].newlines
            offset = position
        }

        /// Skips what the end of a tag strips from the following text: all white space after a
        /// minus, one newline after a block.
        mutating func skipAfter(sign: UInt8, newline: Bool) {
            if sign == .minus {
                let rest = source[offset...]
                let text = String(decoding: rest.prefix { $0 <= 0x20 || $0 >= 0x80 }, as: UTF8.self)
                move(to: offset + text.leadingPythonSpace)
            } else if newline, sign != .plus, source.at(offset) == .newline {
                move(to: offset + 1)
            }
        }

        /// Everything up to `endraw` as text, if this block is `raw`.
        private mutating func raw() throws(TemplateError) -> Bool {
            guard let end = blockEnd(naming: "raw", at: offset) else { return false }
            let minus = source[end - 3] == .minus
            move(to: end)
            if minus { skipAfter(sign: .minus, newline: false) }
            startsLine = source[offset - 1] == .newline
            var position = offset
            while let begin = source.firstIndex(of: [.openBrace, .percent], from: position) {
                let sign = source.at(begin + 2)
                let body = begin + (sign == .minus || sign == .plus ? 3 : 2)
                if let close = blockEnd(naming: "endraw", at: body) {
                    addText(stripped(source[offset..<begin], sign: sign, isOutput: false))
                    offset = begin
                    move(to: close)
                    skipAfter(sign: source[close - 3], newline: true)
                    return true
                }
                position = begin + 2
            }
            throw .syntax("'raw' is never closed by 'endraw'", line: line)
        }

        /// The position after `name %}`, if that is at `position`.
        private func blockEnd(naming name: StaticString, at position: Int) -> Int? {
            var position = position
            while let byte = source.at(position), byte.isASCIISpace { position += 1 }
            for index in 0..<name.utf8CodeUnitCount {
                guard source.at(position) == name.utf8Start[index] else { return nil }
                position += 1
            }
            while let byte = source.at(position), byte.isASCIISpace { position += 1 }
            if source.at(position) == .minus || source.at(position) == .plus { position += 1 }
            guard source.at(position) == .percent, source.at(position + 1) == .closeBrace else {
                return nil
            }
            return position + 2
        }
    }

    /// A piece of a template: text between tags, the ends of a tag, or a word inside of one.
    struct Token: Equatable {
        enum Kind: Equatable {
            case text(String)
            case outputBegin, outputEnd
            case blockBegin, blockEnd
            case name(String)
            case string(String)
            case integer(Int)
            case float(Double)
            case symbol(String)
            case end
        }

        let kind: Kind
        let line: Int

        /// How an error names the token.
        var description: String {
            switch kind {
            case .text: "text"
            case .outputBegin: "'{{'"
            case .outputEnd: "'}}'"
            case .blockBegin: "'{%'"
            case .blockEnd: "'%}'"
            case .name(let name): "'\(name)'"
            case .string: "a string"
            case .integer(let value): "'\(value)'"
            case .float(let value): "'\(value.pythonDescription)'"
            case .symbol(let symbol): "'\(symbol)'"
            case .end: "the end of the template"
            }
        }
    }
}
