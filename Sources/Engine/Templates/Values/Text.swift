extension Jinja {
    /// A text, and which of its characters came with the request.
    ///
    /// The rest are the template's own words; only those become control tokens. Operations that
    /// split or join texts keep each character's origin; operations that rewrite them attribute the
    /// result to the request if origins cannot be separated.
    struct Text {
        enum Origin {
            case template
            case request
            /// The request's characters are in these ranges of the UTF-8, ascending and disjoint.
            case mixed([Range<Int>])
        }

        let string: String
        let origin: Origin

        init(_ string: String, _ origin: Origin = .template) {
            self.string = string
            self.origin = origin
        }

        /// - Parameter requested: ascending, disjoint and not empty.
        init(_ string: String, requested: [Range<Int>]) {
            self.string = string
            if requested.isEmpty {
                origin = .template
            } else if requested.count == 1, requested[0] == 0..<string.utf8.count {
                origin = .request
            } else {
                origin = .mixed(requested)
            }
        }
    }

    /// Puts texts together.
    struct TextBuilder {
        private(set) var string = ""
        private var requested: [Range<Int>] = []

        var text: Text { Text(string, requested: requested) }

        mutating func append(_ text: Text) {
            let start = string.utf8.count
            string += text.string
            for range in text.requested {
                add(range.lowerBound + start..<range.upperBound + start)
            }
        }

        private mutating func add(_ range: Range<Int>) {
            if let last = requested.last, last.upperBound == range.lowerBound {
                requested[requested.count - 1] = last.lowerBound..<range.upperBound
            } else {
                requested.append(range)
            }
        }
    }
}

extension Jinja.Text: ExpressibleByStringLiteral {
    init(stringLiteral value: String) { self.init(value) }
}

extension Jinja.Text {
    var utf8: String.UTF8View { string.utf8 }
    var unicodeScalars: String.UnicodeScalarView { string.unicodeScalars }
    var isEmpty: Bool { string.isEmpty }

    /// The ranges of the request's characters in the UTF-8.
    var requested: [Range<Int>] {
        switch origin {
        case .template: []
        case .request: isEmpty ? [] : [0..<utf8.count]
        case .mixed(let ranges): ranges
        }
    }

    /// How much memory the origin takes, in ranges.
    var runs: Int {
        if case .mixed(let ranges) = origin { ranges.count } else { 0 }
    }

    /// The origin of a text derived from this one as a whole.
    var derivedOrigin: Origin { Self.derivedOrigin([origin]) }

    /// The origin of a text derived from several: the template's if all of them are.
    static func derivedOrigin(_ origins: some Swift.Sequence<Origin>) -> Origin {
        origins.allSatisfy { if case .template = $0 { true } else { false } }
            ? .template : .request
    }

    /// Whether the text has exactly these bytes; Swift's equality is wider.
    func isSpelled(_ spelling: String) -> Bool { utf8.elementsEqual(spelling.utf8) }

    /// The text between these positions of its UTF-8, which are code point boundaries.
    subscript(_ range: Range<Int>) -> Jinja.Text {
        guard range.lowerBound > 0 || range.upperBound < utf8.count else { return self }
        let string = string.utf8Slice(range)
        guard case .mixed(let ranges) = origin else { return Jinja.Text(string, origin) }
        let first = ranges.partitionPoint { $0.upperBound > range.lowerBound }
        let own = ranges[first...].prefix { $0.lowerBound < range.upperBound }
            .map { found -> Range<Int> in
                let part = found.clamped(to: range)
                return part.lowerBound - range.lowerBound..<part.upperBound - range.lowerBound
            }
        return Jinja.Text(string, requested: own.filter { !$0.isEmpty })
    }

    subscript(_ range: Range<String.Index>) -> Jinja.Text {
        let start = utf8.distance(from: utf8.startIndex, to: range.lowerBound)
        return self[start..<start + utf8.distance(from: range.lowerBound, to: range.upperBound)]
    }

    /// The stretches of one origin, in order.
    var parts: [Jinja.Text] {
        guard case .mixed(let ranges) = origin else { return isEmpty ? [] : [self] }
        let ends = ranges.flatMap { [$0.lowerBound, $0.upperBound] } + [utf8.count]
        var start = 0
        return ends.compactMap { end in
            defer { start = end }
            return start < end ? self[start..<end] : nil
        }
    }

    /// The code points, each a text.
    var characters: [Jinja.Text] {
        parts.flatMap { part in part.unicodeScalars.map { Jinja.Text(String($0), part.origin) } }
    }

    /// The text rewritten. If rewriting its parts separately gives the same result, each keeps its
    /// origin; otherwise all of it is the request's.
    func rewritten(_ rewrite: (String) -> String) -> Jinja.Text {
        let whole = rewrite(string)
        guard case .mixed = origin else { return Jinja.Text(whole, origin) }
        var builder = Jinja.TextBuilder()
        for part in parts { builder.append(Jinja.Text(rewrite(part.string), part.origin)) }
        guard builder.string.utf8.elementsEqual(whole.utf8) else {
            return Jinja.Text(whole, .request)
        }
        return builder.text
    }

    static func + (left: Jinja.Text, right: Jinja.Text) -> Jinja.Text {
        var builder = Jinja.TextBuilder()
        builder.append(left)
        builder.append(right)
        return builder.text
    }
}

extension Collection<Jinja.Text> {
    func joined(by separator: Jinja.Text = "") -> Jinja.Text {
        var builder = Jinja.TextBuilder()
        var isFirst = true
        for text in self {
            if !isFirst { builder.append(separator) }
            builder.append(text)
            isFirst = false
        }
        return builder.text
    }
}

extension Array {
    /// The index of the first element that `belongs`; all those before it do not, all behind it do.
    func partitionPoint(where belongs: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if belongs(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
