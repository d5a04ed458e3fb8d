import Synchronization

/// The sets of characters that `\p{…}` names.
enum UnicodeProperty {
    private static let known = Mutex<[String: ScalarSet]>([:])

    /// - Returns: nil for a name that is no general category.
    static func set(named name: String) -> ScalarSet? {
        var key = name
        for prefix in ["General_Category=", "gc="] where key.hasPrefix(prefix) {
            key.removeFirst(prefix.count)
        }
        guard let categories = categories[key] else { return nil }
        return known.withLock { known in
            if let set = known[key] { return set }
            var ranges: [ClosedRange<UInt32>] = []
            for value in UInt32(0)...0x10FFFF {
                guard let scalar = Unicode.Scalar(value),
                    categories.contains(scalar.properties.generalCategory)
                else { continue }
                if let last = ranges.last, last.upperBound + 1 == value {
                    ranges[ranges.count - 1] = last.lowerBound...value
                } else {
                    ranges.append(value...value)
                }
            }
            let set = ScalarSet(ranges)
            known[key] = set
            return set
        }
    }

    private static let categories: [String: Set<Unicode.GeneralCategory>] = {
        let letters: Set<Unicode.GeneralCategory> = [
            .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
        ]
        let marks: Set<Unicode.GeneralCategory> = [
            .nonspacingMark, .spacingMark, .enclosingMark,
        ]
        let numbers: Set<Unicode.GeneralCategory> = [
            .decimalNumber, .letterNumber, .otherNumber,
        ]
        let punctuation: Set<Unicode.GeneralCategory> = [
            .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation,
        ]
        let symbols: Set<Unicode.GeneralCategory> = [
            .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol,
        ]
        let separators: Set<Unicode.GeneralCategory> = [
            .spaceSeparator, .lineSeparator, .paragraphSeparator,
        ]
        return [
            "L": letters, "Letter": letters, "M": marks, "Mark": marks, "N": numbers,
            "Number": numbers, "P": punctuation, "Punctuation": punctuation, "S": symbols,
            "Symbol": symbols, "Z": separators, "Separator": separators,
            "Lu": [.uppercaseLetter], "Uppercase_Letter": [.uppercaseLetter],
            "Ll": [.lowercaseLetter], "Lowercase_Letter": [.lowercaseLetter],
            "Lt": [.titlecaseLetter], "Lm": [.modifierLetter], "Lo": [.otherLetter],
            "Mn": [.nonspacingMark], "Mc": [.spacingMark], "Me": [.enclosingMark],
            "Nd": [.decimalNumber], "digit": [.decimalNumber], "Decimal_Number": [.decimalNumber],
            "Nl": [.letterNumber], "No": [.otherNumber], "Pc": [.connectorPunctuation],
            "Pd": [.dashPunctuation], "Ps": [.openPunctuation], "Pe": [.closePunctuation],
            "Pi": [.initialPunctuation], "Pf": [.finalPunctuation], "Po": [.otherPunctuation],
            "Sm": [.mathSymbol], "Sc": [.currencySymbol], "Sk": [.modifierSymbol],
            "So": [.otherSymbol], "Zs": [.spaceSeparator], "Zl": [.lineSeparator],
            "Zp": [.paragraphSeparator], "Cc": [.control], "Cf": [.format],
        ]
    }()
}
