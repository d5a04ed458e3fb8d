/// The ways to write the numbers that a schema allows.
enum NumberLanguage {
    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    /// Each byte of a number by itself.
    private static let alphabet =
        digits.map { $0...$0 } + [UInt8(ascii: "-")...UInt8(ascii: "-")]
        + [UInt8(ascii: ".")...UInt8(ascii: ".")]

    /// Of a number with rules at most so many digits are written, so that a reader's binary floating
    /// point tells apart what differs.
    private static let mostDigits = 15
    private static let mostIntegerDigits = 18

    /// - Parameter isDistinct: every number is written in only one way.
    static func automaton(
        _ rules: [SchemaShape.Placed<SchemaShape.NumberRule>], isDistinct: Bool, _ budget: Budget
    ) throws(GrammarError) -> DFA {
        let isInteger = rules.contains { $0.rule == .integer(true) }
        var language =
            try isInteger ? integers(isDistinct, budget) : decimals(isDistinct, budget)
        for case .oneOf(let values) in rules.map(\.rule) {
            language = try literals(values, budget)
            break
        }
        for placed in rules {
            let rule = try automaton(placed.rule, at: placed.pointer, budget)
            language = try language.intersection(rule, budget)
        }
        return language
    }

    private static func automaton(
        _ rule: SchemaShape.NumberRule, at pointer: String, _ budget: Budget
    ) throws(GrammarError) -> DFA {
        switch rule {
        case .integer(let flag): try whole(flag, budget)
        case .compares(let bound, let orders): try comparing(with: bound, orders, budget)
        case .multiple(let divisor, let flag):
            try multiples(of: divisor, flag, at: pointer, budget)
        case .oneOf(let values): try literals(values, budget)
        }
    }

    private static func literals(_ values: [Decimal], _ budget: Budget) throws(GrammarError) -> DFA
    {
        var graph = NFA(budget)
        let (start, end) = (try graph.addNode(), try graph.addNode())
        for found in try graph.add(oneOf: values.map { Array($0.text.utf8) }, from: start) {
            try graph.addJump(found.node, end)
        }
        return try graph.determinized(from: start, to: end)
    }

    /// How far a number has been read.
    private struct Reading: Hashable {
        enum Phase { case start, sign, zero, whole, point, fraction }
        var phase = Phase.start
        var digits = 0
        var isZero = true
        var isNegative = false
        var endsInZero = false

        mutating func read(_ byte: UInt8) -> Bool {
            switch (phase, byte) {
            case (.start, UInt8(ascii: "-")):
                phase = .sign
                isNegative = true
            case (.start, UInt8(ascii: "0")), (.sign, UInt8(ascii: "0")): phase = .zero
            case (.start, NumberLanguage.digits), (.sign, NumberLanguage.digits),
                (.whole, NumberLanguage.digits):
                phase = .whole
            case (.zero, UInt8(ascii: ".")), (.whole, UInt8(ascii: ".")): phase = .point
            case (.point, NumberLanguage.digits), (.fraction, NumberLanguage.digits):
                phase = .fraction
            default: return false
            }
            return true
        }

        var isComplete: Bool { phase == .zero || phase == .whole || phase == .fraction }
    }

    private static func integers(
        _ isDistinct: Bool, _ budget: Budget
    ) throws(GrammarError) -> DFA {
        try DFA.exploring(
            Reading(), over: alphabet, budget,
            accepts: { $0.isComplete && !(isDistinct && $0.isNegative && $0.phase == .zero) }
        ) { reading, byte in
            var next = reading
            guard byte != UInt8(ascii: "."), next.read(byte) else { return nil }
            if digits.contains(byte) { next.digits += 1 }
            return next.digits > mostIntegerDigits ? nil : next
        }
    }

    private static func decimals(
        _ isDistinct: Bool, _ budget: Budget
    ) throws(GrammarError) -> DFA {
        try DFA.exploring(
            Reading(), over: alphabet, budget,
            accepts: {
                guard $0.isComplete else { return false }
                return !isDistinct || !($0.isNegative && $0.isZero) && !$0.endsInZero
            }
        ) { reading, byte in
            var next = reading
            guard next.read(byte) else { return nil }
            if digits.contains(byte) {
                next.digits += 1
                if byte != UInt8(ascii: "0") { next.isZero = false }
                next.endsInZero = next.phase == .fraction && byte == UInt8(ascii: "0")
            }
            return next.digits > mostDigits ? nil : next
        }
    }

    /// Numbers whose value is an integer, or is none.
    private static func whole(_ flag: Bool, _ budget: Budget) throws(GrammarError) -> DFA {
        try DFA.exploring(
            [false, false], over: alphabet, budget, accepts: { ($0[1] == false) == flag }
        ) { state, byte in
            // After the point; with a digit other than zero there.
            if byte == UInt8(ascii: ".") { return [true, state[1]] }
            let counts = state[0] && byte != UInt8(ascii: "0") && byte != UInt8(ascii: "-")
            return [state[0], state[1] || counts]
        }
    }

    private struct Comparison: Hashable {
        var isNegative = false
        var isFraction = false
        /// Digits before the point, one more than the bound has at most; after it, those compared.
        var digits = 0
        /// Of the digits so far and as many of the bound's.
        var order = Decimal.Order.equal
    }

    /// Numbers that compare with a bound in one of some ways.
    private static func comparing(
        with bound: Decimal, _ orders: [Decimal.Order], _ budget: Budget
    ) throws(GrammarError) -> DFA {
        func compare(_ digit: UInt8, _ other: UInt8) -> Decimal.Order {
            digit < other ? .less : digit > other ? .greater : .equal
        }
        /// The order of the magnitudes once all digits before the point are known.
        func wholeOrder(_ state: Comparison) -> Decimal.Order {
            state.digits < bound.whole.count
                ? .less : state.digits > bound.whole.count ? .greater : state.order
        }
        func accepts(_ state: Comparison) -> Bool {
            var order = state.isFraction ? state.order : wholeOrder(state)
            let compared = state.isFraction ? state.digits : 0
            if order == .equal, compared < bound.fraction.count { order = .less }
            switch (state.isNegative, bound.isNegative) {
            case (false, false): break
            case (true, true):
                order = order == .less ? .greater : order == .greater ? .less : .equal
            case (false, true): order = .greater
            case (true, false): order = bound.isZero && order == .equal ? .equal : .less
            }
            return orders.contains(order)
        }
        return try DFA.exploring(Comparison(), over: alphabet, budget, accepts: accepts) {
            state, byte in
            var next = state
            switch byte {
            case UInt8(ascii: "-"): next.isNegative = true
            case UInt8(ascii: "."):
                next.order = wholeOrder(state)
                (next.isFraction, next.digits) = (true, 0)
            default:
                let digits = state.isFraction ? bound.fraction : bound.whole
                let place = state.digits
                if next.order == .equal {
                    if place < digits.count {
                        next.order = compare(byte - 0x30, digits[place])
                    } else if state.isFraction, byte != 0x30 {
                        next.order = .greater
                    }
                }
                next.digits = min(place + 1, digits.count + (state.isFraction ? 0 : 1))
            }
            return next
        }
    }

    /// Above this, the remainders are too many.
    private static let largestDivisor = 20_000

    /// Numbers that are multiples of another, or are none.
    private static func multiples(
        of divisor: Decimal, _ flag: Bool, at pointer: String, _ budget: Budget
    ) throws(GrammarError) -> DFA {
        // In units of the divisor's last digit.
        let scale = divisor.fraction.count
        var modulus = 0
        for digit in divisor.whole + divisor.fraction {
            modulus = modulus * 10 + Int(digit)
            guard modulus <= largestDivisor else {
                throw GrammarError(
                    "is \(divisor.text), expected at most \(largestDivisor) in units of its last digit",
                    at: .pointer(pointer))
            }
        }
        struct Remainder: Hashable {
            var value = 0
            /// Digits after the point, -1 before it.
            var fraction = -1
            var isFiner = false
        }
        return try DFA.exploring(
            Remainder(), over: alphabet, budget,
            accepts: { state in
                var value = state.value
                for _ in max(state.fraction, 0)..<scale { value = value * 10 % modulus }
                return (value == 0 && !state.isFiner) == flag
            },
            next: { state, byte in
                var next = state
                if byte == UInt8(ascii: "-") { return next }
                if byte == UInt8(ascii: ".") {
                    next.fraction = 0
                } else if state.fraction < scale {
                    next.value = (state.value * 10 + Int(byte - 0x30)) % modulus
                    if state.fraction >= 0 { next.fraction += 1 }
                } else if byte != 0x30 {
                    next.isFiner = true
                }
                return next
            })
    }
}
