extension Jinja.Interpreter {
    static let markupFilters: Filters = [
        "striptags": { interpreter, value, _ in
            let text = try interpreter.text(of: value)
            try interpreter.budget.spend(bytes: text.utf8.count * 4)
            return .string(text.rewritten(\.withoutTags))
        },
        "xmlattr": { try $0.attributes($1, $2) },
        "urlize": { try $0.linked($1, $2) },
    ]

    /// ` class="a" id="b"` of a mapping.
    private func attributes(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound("xmlattr", "autospace")
        guard case .dictionary(let dictionary) = value else {
            throw Failure("xmlattr needs a mapping, found \(value.typeName)")
        }
        try budget.spend(dictionary.members.count)
        var parts: [Jinja.Text] = []
        for (key, value) in dictionary.members where !value.isNull && !value.isUndefined {
            let name = try text(of: key)
            guard !name.utf8.contains(where: { $0.isASCIISpace || "/>=".utf8.contains($0) }) else {
                throw Failure("a name of an attribute has a blank, '/', '>' or '='")
            }
            let written = try text(of: value).rewritten(\.escapedHTML)
            parts.append([name.rewritten(\.escapedHTML), "=\"", written, "\""].joined())
        }
        let all = parts.joined(by: " ")
        return .string(parts.isEmpty || bound[0]?.isTrue == false ? all : " " + all)
    }

    private func linked(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound(
            "urlize", "trim_url_limit", "nofollow", "target", "rel", "extra_schemes")
        let text = try text(of: value)
        try budget.spend(bytes: text.utf8.count * 16)
        let target = try bound[2].flatMap { $0.isTrue ? try self.text(of: $0) : nil }
        let rel = try bound[3].flatMap { $0.isTrue ? try string($0) : nil }
        var relations = Set((rel?.words(atMost: .max).map(\.string) ?? []) + ["noopener"])
        if bound[1]?.isTrue ?? false { relations.insert("nofollow") }
        var links = LinkWriter(limit: bound[0]?.integer)
        links.attributes = " rel=\"\(relations.sorted().joined(separator: " ").escapedHTML)\""
        if let target, !target.isEmpty {
            links.attributes += " target=\"\(target.string.escapedHTML)\""
        }
        if let schemes = bound[4], schemes.isTrue {
            links.schemes = try schemes.elements(budget).map { try string($0).string }
        }
        return .string(
            Jinja.Text(
                links.linked(text.string.escapedHTML),
                Jinja.Text.derivedOrigin([text, target, rel].compactMap { $0?.origin })))
    }
}

extension String {
    /// The text without `<…>` and `<!--…-->`, with runs of white space as one blank, and character
    /// references replaced.
    fileprivate var withoutTags: String {
        let bytes = Array(utf8)
        let comments = Self.ranges(of: Array("-->".utf8), in: bytes, .max).map(\.lowerBound)
        let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: ">") }
        var kept: [UInt8] = []
        var position = 0
        while let start = bytes[position...].firstIndex(of: UInt8(ascii: "<")) {
            let isComment = bytes[start...].starts(with: "<!--".utf8)
            let end =
                isComment
                ? comments.first(from: start + 4).map { $0 + 3 }
                : ends.first(from: start).map { $0 + 1 }
            guard let end else { break }
            kept += bytes[position..<start]
            position = end
        }
        kept += bytes[position...]
        let words = Jinja.Text(String(decoding: kept, as: UTF8.self)).words(atMost: .max)
        return words.map(\.string).joined(separator: " ").withoutHTMLReferences
    }
}

extension [Int] {
    /// The first of the ascending numbers that is at least `bound`.
    fileprivate func first(from bound: Int) -> Int? {
        let place = partitionPoint { $0 >= bound }
        return place < count ? self[place] : nil
    }
}

/// Turns what looks like a URL into a link, in text that is already escaped.
private struct LinkWriter {
    /// Longer URLs are displayed shortened.
    let limit: Int?
    var attributes = ""
    var schemes: [String] = []

    /// Longer words are not URLs.
    private static let longestWord = 2048

    func linked(_ text: String) -> String {
        var result = ""
        var rest = text.unicodeScalars[...]
        while !rest.isEmpty {
            let word = rest.prefix { !$0.isPythonSpace }
            result += word.count > Self.longestWord ? String(word) : linked(word: String(word))
            rest = rest[word.endIndex...]
            let blanks = rest.prefix(while: \.isPythonSpace)
            result += String(blanks)
            rest = rest[blanks.endIndex...]
        }
        return result
    }

    private func linked(word: String) -> String {
        let head = word.prefixMatch(of: /([(<]|&lt;)+/).map { String($0.output.0) } ?? ""
        var middle = String(word.dropFirst(head.count))
        var tail = middle.firstMatch(of: /([)>.,\n]|&gt;)+$/).map { String($0.output.0) } ?? ""
        middle.removeLast(tail.count)
        for (opening, closing) in [("(", ")"), ("<", ">"), ("&lt;", "&gt;")] {
            let missing = middle.count(of: opening)
            guard missing > middle.count(of: closing) else { continue }
            for _ in 0..<min(missing, tail.count(of: closing)) {
                guard let place = tail.ranges(of: closing, atMost: 1).first else { break }
                middle += tail.utf8Slice(0..<place.upperBound)
                tail = tail.utf8Slice(place.upperBound..<tail.utf8.count)
            }
        }
        return head + link(middle) + tail
    }

    private func link(_ text: String) -> String {
        if Self.isAddress(text) {
            let hasScheme = text.hasPrefix("https://") || text.hasPrefix("http://")
            return link(to: (hasScheme ? "" : "https://") + text, attributes, shown(text))
        }
        if text.hasPrefix("mailto:"), Self.isMail(String(text.dropFirst(7))) {
            return link(to: text, "", String(text.dropFirst(7)))
        }
        if text.contains("@"), !text.hasPrefix("www."), !text.hasPrefix("@"), !text.contains(":"),
            Self.isMail(text)
        {
            return link(to: "mailto:" + text, "", text)
        }
        return schemes.reduce(text) { text, scheme in
            text != scheme && text.starts(exactly: scheme) ? link(to: text, attributes, text) : text
        }
    }

    private func link(to target: String, _ attributes: String, _ text: String) -> String {
        "<a href=\"\(target)\"\(attributes)>\(text)</a>"
    }

    private func shown(_ text: String) -> String {
        guard let limit, text.unicodeScalars.count > limit else { return text }
        return String(text.unicodeScalars.prefix(max(0, limit))) + "..."
    }

    private static func isAddress(_ text: String) -> Bool {
        let address =
            #/
            (?: (?:https?://|www\.) (?:(?:[\w%\-]+\.)+)? (?:[a-z]{2,63}|xn--[\w%]{2,59})
              | (?:[\w%\-]{2,63}\.)+ (?:com|net|int|edu|gov|org|info|mil)
              | https?://
                (?: \d{1,3}(?:\.\d{1,3}){3} | \[(?:[\da-f]{0,4}:){2}(?:[\da-f]{0,4}:?){1,6}\] )
            )
            (?::\d{1,5})?
            (?:[\/?\#]\S*)?
            /#.ignoresCase().matchingSemantics(.unicodeScalar)
        return text.wholeMatch(of: address) != nil
    }

    private static func isMail(_ text: String) -> Bool {
        text.wholeMatch(of: /\S+@\w[\w.\-]*\.\w+/.matchingSemantics(.unicodeScalar)) != nil
    }
}

extension String {
    fileprivate func count(of part: String) -> Int { ranges(of: part, atMost: .max).count }
}
