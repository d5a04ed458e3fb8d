/// The labels of a token classifier: `B-PER`, `I-PER`, `O`.
///
/// The schemes BIO, BILOU, BIOES and plain labels (IO) differ only in how much they say about where
/// an entity begins and ends.
struct EntityTag: Equatable, Sendable {
    enum Place: Sendable {
        case outside
        case begins
        case continues
        case ends
        case single
    }

    let place: Place
    let label: String

    init(_ name: String) {
        let letter = name.first
        guard name != "O" else {
            (place, label) = (.outside, "")
            return
        }
        guard name.utf8.count > 2, name.dropFirst().first == "-" else {
            (place, label) = (.continues, name)
            return
        }
        label = String(name.dropFirst(2))
        place =
            switch letter {
            case "B": .begins
            case "I", "M": .continues
            case "L", "E": .ends
            case "U", "S": .single
            default: .continues
            }
    }
}

/// A word and its classification.
struct TaggedWord: Sendable {
    /// Code points of the text.
    var range: Range<Int>
    let tag: EntityTag
    /// The probability of the tag.
    let score: Float
}

/// A span of a text that names something.
struct Entity: Encodable, Equatable, Sendable {
    let label: String
    let text: String
    /// Code points.
    let start: Int
    let end: Int
    let score: Float
}

extension Entity {
    /// Joins the words of each entity; its score is the mean of theirs.
    static func entities(of words: [TaggedWord], in text: [Unicode.Scalar]) -> [Entity] {
        var spans: [[TaggedWord]] = []
        var isOpen = false
        for word in words {
            let last = spans.last?.last
            let joins =
                isOpen && last?.tag.label == word.tag.label
                && (word.tag.place == .continues || word.tag.place == .ends)
            switch word.tag.place {
            case .outside: isOpen = false
            default:
                if joins {
                    spans[spans.count - 1].append(word)
                } else {
                    spans.append([word])
                }
                isOpen = word.tag.place == .begins || word.tag.place == .continues
            }
        }
        return spans.map { Entity(words: $0, in: text) }
    }

    private init(words: [TaggedWord], in text: [Unicode.Scalar]) {
        label = words[0].tag.label
        start = words[0].range.lowerBound
        end = words[words.count - 1].range.upperBound
        self.text = text.text(start..<end)
        score = words.reduce(0) { $0 + $1.score } / Float(words.count)
    }
}
