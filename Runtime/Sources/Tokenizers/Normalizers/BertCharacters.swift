/// Kinds of characters as BERT's tokenizer tells them apart.
///
/// The reference has Unicode's general categories of version 8. Characters that came later have none
/// here either, so that both agree but for 29 that were put into another category since.
enum BertCharacters {
    private static func category(_ scalar: Unicode.Scalar) -> Unicode.GeneralCategory {
        let properties = scalar.properties
        guard let age = properties.age, age.major <= 8 else { return .unassigned }
        return properties.generalCategory
    }

    /// Control, format and private characters, and the mark of what could not be read.
    static func isRemoved(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: return false
        case 0xFFFD: return true
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse:
            switch category(scalar) {
            case .control, .format, .privateUse: return true
            default: return false
            }
        default: return false
        }
    }

    static func isAccent(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x300 && scalar.properties.generalCategory == .nonspacingMark
            && category(scalar) == .nonspacingMark
    }

    static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            category(scalar) != .unassigned
        default: false
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
