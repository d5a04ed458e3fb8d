/// A regular expression, parsed.
indirect enum RegexSyntax: Hashable, Sendable {
    case set(ScalarSet)
    case sequence([RegexSyntax])
    case choice([RegexSyntax])
    /// `most` is nil without limit.
    case repeated(RegexSyntax, least: Int, most: Int?)
    /// `^` and `$`
    case start, end
    /// `(?=…)` and `(?!…)`: what follows must match, or must not.
    case ahead(RegexSyntax, isNegative: Bool)

    /// Whether this or a part of it is an assertion about what follows.
    var looksAhead: Bool {
        switch self {
        case .set, .start, .end: false
        case .sequence(let parts), .choice(let parts): parts.contains(where: \.looksAhead)
        case .repeated(let body, _, _): body.looksAhead
        case .ahead: true
        }
    }

    var mentionsStart: Bool {
        switch self {
        case .set, .end: false
        case .start: true
        case .sequence(let parts), .choice(let parts): parts.contains(where: \.mentionsStart)
        case .repeated(let body, _, _), .ahead(let body, _): body.mentionsStart
        }
    }
}

/// The classes of characters that regular expressions name.
///
/// ECMA-262 and Python mean slightly different sets by `\d`, `\w` and `\s`. Each class is given by the
/// characters that are in it for both, and by those that are in it for one of them, so that what is
/// written matches either way.
enum CharacterClass {
    struct Bounds {
        var certain: ScalarSet
        var possible: ScalarSet
        var complement: Bounds {
            Bounds(certain: possible.complement, possible: certain.complement)
        }
    }

    static let lineEnds = ScalarSet(0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029)

    static let digit: Bounds = {
        let ascii = ScalarSet(0x30...0x39)
        // Scripts without digits of their own.
        let without = ScalarSet(
            0...0x2F, 0x3A...0x65F, 0x2000...0xA61F, 0xAC00...0xD7A3, 0xE000...0xFEFF,
            0x1F300...0x1FAFF)
        return Bounds(certain: ascii, possible: without.complement)
    }()

    static let word: Bounds = {
        let ascii = ScalarSet(0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A)
        let symbols = ScalarSet(
            0xA0...0xA9, 0xAB...0xB1, 0x2010...0x205E, 0x20A0...0x20BF, 0x2190...0x23FF,
            0x2500...0x2775, 0x2798...0x2BFF, 0x3001...0x3003, 0x3008...0x3020,
            0x1F300...0x1FAFF)
        let others = ScalarSet(0...0x7F).subtracting(ascii).union(symbols)
        return Bounds(certain: ascii, possible: others.complement)
    }()

    static let space: Bounds = {
        let common = ScalarSet(
            0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A,
            0x2028...0x2029, 0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000)
        let either = common.union(ScalarSet(0x1C...0x1F, 0x85...0x85, 0xFEFF...0xFEFF))
        return Bounds(certain: common, possible: either)
    }()
}
