/// The ids that a model's own tokenizer puts around a text, and around the texts of a pair.
public struct Template: Sendable, Equatable {
    enum Part: Sendable, Equatable {
        case special(Int32, type: Int32)
        case text(Int, type: Int32)
    }

    var single: [Part] = [.text(0, type: 0)]
    var pair: [Part] = [.text(0, type: 0), .text(1, type: 1)]
    /// Whether offsets leave out the white space around a token.
    var trimming: OffsetTrimming?

    /// The ids before a single text.
    var prefix: [Int32] {
        single.prefix { $0.special != nil }.compactMap(\.special)
    }

    /// The ids after a single text.
    var suffix: [Int32] {
        single.drop { $0.special != nil }.compactMap(\.special)
    }
}

extension Template.Part {
    var special: Int32? {
        if case .special(let id, _) = self { id } else { nil }
    }
}

extension Template {
    /// `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`.
    static func bert(cls: Int32, sep: Int32) -> Template {
        let single: [Part] = [
            .special(cls, type: 0), .text(0, type: 0), .special(sep, type: 0),
        ]
        return Template(
            single: single, pair: single + [.text(1, type: 1), .special(sep, type: 1)])
    }

    /// `<s> A </s>` and `<s> A </s> B </s>`, all of one segment.
    static func parted(first: Int32, last: Int32) -> Template {
        var template = Template.t5(end: last)
        template.setFirst(first, true)
        return template
    }

    /// `A </s>` and `A </s> B </s>`, all of one segment.
    static func t5(end: Int32) -> Template {
        let single: [Part] = [.text(0, type: 0), .special(end, type: 0)]
        return Template(single: single, pair: single + [.text(1, type: 0), .special(end, type: 0)])
    }

    /// `<s> A </s>` and `<s> A </s> </s> B </s>`, all of one segment.
    static func roberta(cls: Int32, sep: Int32) -> Template {
        let single: [Part] = [
            .special(cls, type: 0), .text(0, type: 0), .special(sep, type: 0),
        ]
        return Template(
            single: single,
            pair: single + [.special(sep, type: 0), .text(1, type: 0), .special(sep, type: 0)])
    }

    /// Puts `id` before the text, or the first of a pair, unless it is there; or removes it.
    mutating func setFirst(_ id: Int32, _ isWanted: Bool) {
        for parts in [\Template.single, \.pair] {
            let end = self[keyPath: parts].firstIndex { $0.special == nil } ?? 0
            if !isWanted {
                self[keyPath: parts][..<end].removeAll { $0.special == id }
            } else if !self[keyPath: parts][..<end].contains(where: { $0.special == id }) {
                self[keyPath: parts].insert(.special(id, type: 0), at: 0)
            }
        }
    }

    /// Puts `id` after the text, or the second of a pair, unless it is there; or removes it.
    mutating func setLast(_ id: Int32, _ isWanted: Bool) {
        for parts in [\Template.single, \.pair] {
            let start = (self[keyPath: parts].lastIndex { $0.special == nil } ?? -1) + 1
            if !isWanted {
                self[keyPath: parts][start...].removeAll { $0.special == id }
            } else if !self[keyPath: parts][start...].contains(where: { $0.special == id }) {
                self[keyPath: parts].append(.special(id, type: 0))
            }
        }
    }
}
