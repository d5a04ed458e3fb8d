/// Named sets of characters, as items of a PCRE2 class: those of Unicode, and Oniguruma's idea of a
/// word, a letter or a blank.
enum UnicodeSet {
    static let digit = #"\p{Nd}"#
    static let hexDigit = "0-9A-Fa-f"
    /// White space as in Unicode; PCRE2's own includes U+180E.
    static let space = #"\x{9}-\x{d}\x{85}\p{Z}"#
    /// Letters, marks, digits, connectors, and the circled letters.
    static let word =
        #"\p{L}\p{Nl}\p{M}\p{Nd}\p{Pc}\x{24b6}-\x{24e9}"#
        + #"\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189}"#
    /// ², ³, ¹ and the fractions of Latin-1, which are parts of words too, but not in a class.
    static let superscripts = #"\x{b2}\x{b3}\x{b9}\x{bc}-\x{be}"#

    /// `[:name:]`
    static let posix = [
        "alnum": #"\p{Alphabetic}\p{Nd}"#,
        "alpha": #"\p{Alphabetic}"#,
        "ascii": #"\x{0}-\x{7f}"#,
        "blank": #"\x{9}\p{Zs}"#,
        "cntrl": #"\p{Cc}"#,
        "digit": digit,
        "graph": #"\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}\p{Co}"#,
        "lower": #"\p{Lowercase}"#,
        "print": #"\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}\p{Co}\p{Zs}"#,
        "punct": #"\p{P}\p{S}"#,
        "space": space,
        "upper": #"\p{Uppercase}"#,
        "word": word,
        "xdigit": hexDigit,
    ]

    /// The meaning of `\p{name}`; nil if the name is unknown.
    static func property(_ name: String, inClass: Bool) -> String? {
        let name = String(
            name.lowercased().unicodeScalars.filter { !["-", "_", " "].contains($0) }
                .map(Character.init))
        guard !name.isEmpty, name.utf8.allSatisfy({ (0x61...0x7A).contains($0) }) else {
            return nil
        }
        switch name {
        case "any": return #"\p{Any}"#
        case "assigned": return #"\P{Cn}"#
        case "lc", "casedletter": return #"\p{L&}"#
        case "punct": return #"\p{P}"#
        case "word": return inClass ? word : word + superscripts
        default: break
        }
        if let category = categories[name] { return #"\p{\#(category)}"# }
        if let set = posix[name] { return set }
        // Alone, a script includes everything that text in it uses, such as the ideographic full
        // stop for Han.
        return [#"\p{sc:\#(name)}"#, #"\p{\#(name)}"#].first(where: Pattern.compiles)
    }

    /// Whether `items` contain letters of one case only because of their case.
    static func isOfOneCase(_ items: String) -> Bool {
        [#"\p{Lu}"#, #"\p{Ll}"#, #"\p{Lt}"#, #"\p{Lowercase}"#, #"\p{Uppercase}"#]
            .contains(where: items.contains)
    }

    /// General categories by their short and long names.
    private static let categories: [String: String] = {
        let names = [
            "C": "other", "Cc": "control", "Cf": "format", "Cn": "unassigned",
            "Co": "privateuse", "Cs": "surrogate", "L": "letter", "Ll": "lowercaseletter",
            "Lm": "modifierletter", "Lo": "otherletter", "Lt": "titlecaseletter",
            "Lu": "uppercaseletter", "M": "mark", "Mc": "spacingmark", "Me": "enclosingmark",
            "Mn": "nonspacingmark", "N": "number", "Nd": "decimalnumber", "Nl": "letternumber",
            "No": "othernumber", "P": "punctuation", "Pc": "connectorpunctuation",
            "Pd": "dashpunctuation", "Pe": "closepunctuation", "Pf": "finalpunctuation",
            "Pi": "initialpunctuation", "Po": "otherpunctuation", "Ps": "openpunctuation",
            "S": "symbol", "Sc": "currencysymbol", "Sk": "modifiersymbol", "Sm": "mathsymbol",
            "So": "othersymbol", "Z": "separator", "Zl": "lineseparator",
            "Zp": "paragraphseparator", "Zs": "spaceseparator",
        ]
        var categories: [String: String] = ["combiningmark": "M"]
        for (short, long) in names {
            categories[short.lowercased()] = short
            categories[long] = short
        }
        return categories
    }()
}
