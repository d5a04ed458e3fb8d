/// Why a grammar, regular expression or schema cannot be used, and where it says so.
package struct GrammarError: Error, Hashable, CustomStringConvertible {
    /// Where in the source the fault lies.
    package enum Place: Hashable, Sendable {
        /// The source as a whole.
        case whole
        /// A JSON pointer (RFC 6901) to a schema or a keyword of one; empty is the root.
        case pointer(String)
        /// A byte of a regular expression or of a grammar's text.
        case offset(Int)
        /// A line and a column of a grammar's text, from 1.
        case line(Int, column: Int)
        /// A rule of a grammar.
        case rule(String)
    }

    package var place: Place
    package var reason: String

    package init(_ reason: String, at place: Place = .whole) {
        self.reason = reason
        self.place = place
    }

    package var description: String {
        switch place {
        case .whole: reason
        case .pointer(let pointer): "at '\(pointer.isEmpty ? "/" : pointer.shortened)': \(reason)"
        case .offset(let offset): "at byte \(offset): \(reason)"
        case .line(let line, let column): "in line \(line), column \(column): \(reason)"
        case .rule(let name): "rule '\(name.shortened)' \(reason)"
        }
    }
}

extension String {
    /// A client's own words in a message, of bounded length.
    var shortened: String { count <= 120 ? self : prefix(120) + "…" }
}

/// What one compilation may cost, so that no source takes long or much memory.
///
/// A unit is one state or transition of an automaton: some tens of nanoseconds and at most a hundred
/// bytes.
final class Budget {
    private var left: Int

    init(_ units: Int = Budget.usual) { left = units }

    /// About fifteen milliseconds: ten sources that reach it together take less than a tenth of a
    /// second on two cores.
    static let usual = 400_000

    /// - Throws: `GrammarError` once the budget is spent.
    func spend(_ units: Int, at place: @autoclosure () -> GrammarError.Place = .whole)
        throws(GrammarError)
    {
        left -= units
        if left < 0 {
            throw GrammarError("needs an automaton that is too large; simplify it", at: place())
        }
    }
}
