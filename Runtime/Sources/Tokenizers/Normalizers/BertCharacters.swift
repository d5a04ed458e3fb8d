/// Character classes of BERT's tokenizer.
///
/// The reference uses the general categories of Unicode 8. Later characters have none here either,
/// so that both agree except for 29 characters whose category has changed since.
enum BertCharacters {
    private static func isKnown(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.age.map { $0.major <= 8 } ?? false
    }

    enum Cleaning {
        case kept, removed, blank
    }

    /// Control, format and private characters are removed, and so is the replacement character;
    /// white space becomes a blank.
    static func cleaning(of scalar: Unicode.Scalar) -> Cleaning {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: return .blank
        case 0xFFFD: return .removed
        case 0x4E00...0x9FFF: return .kept
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse: return isKnown(scalar) ? .removed : .kept
        case .spaceSeparator, .lineSeparator, .paragraphSeparator: return .blank
        default: return .kept
        }
    }

    static func isAccent(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x300 && scalar.properties.generalCategory == .nonspacingMark
            && isKnown(scalar)
    }

    enum Border {
        case none, space, punctuation
    }

    /// Whether a character ends words.
    static func border(_ scalar: Unicode.Scalar) -> Border {
        switch scalar.value {
        case 0x09...0x0D, 0x85: return .space
        case 0x4E00...0x9FFF: return .none
        default: break
        }
        switch scalar.properties.generalCategory {
        case .spaceSeparator, .lineSeparator, .paragraphSeparator: return .space
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            return isKnown(scalar) ? .punctuation : .none
        default: return .none
        }
    }

    /// The blocks of Chinese characters that BERT knows. U+2B820 to U+2B91F, which the paper's own
    /// code has, are left out as in the reference.
    static func isIdeograph(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF,
            0x2A700...0x2B81F, 0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }

    /// Whether a Chinese character has neither accents nor case nor another form.
    static func isPlainIdeograph(_ scalar: Unicode.Scalar) -> Bool {
        (0x4E00...0x9FFF).contains(scalar.value)
    }
}
