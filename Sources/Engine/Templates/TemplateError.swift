/// Why a chat template could not be read or rendered.
package enum TemplateError: Error, Hashable, CustomStringConvertible {
    case syntax(String, line: Int)
    /// An expression had no value, or not one of the kind its use needs.
    case evaluation(String, line: Int)
    /// The template itself refused the conversation, by `raise_exception`.
    case refused(String)
    /// The template would exceed the limits on work, output or nesting.
    case limit(String, line: Int)

    package var description: String {
        switch self {
        case .syntax(let problem, let line): "chat template, line \(line): \(problem)"
        case .evaluation(let problem, let line): "chat template, line \(line): \(problem)"
        case .refused(let message): message
        case .limit(let limit, let line): "chat template, line \(line): stopped, \(limit)"
        }
    }
}

/// The template language, as Jinja 3.1 defines it and transformers sets it up.
///
/// Values behave as Python's do: truth, text, comparison, arithmetic and methods.
enum Jinja {
    /// A failure that does not know its line; the interpreter adds it.
    struct Failure: Error {
        let problem: String
        var isLimit = false

        init(_ problem: String) { self.problem = problem }

        static func limit(_ what: String) -> Failure {
            var failure = Failure(what)
            failure.isLimit = true
            return failure
        }
    }

    /// What one rendering may cost, so that no template hangs or exhausts the host.
    ///
    /// The work of a long conversation stays below a hundredth of it.
    struct Limits {
        /// Evaluated nodes, list elements touched, and text in units of 64 bytes.
        var steps = 10_000_000
        /// Bytes of the rendering, and of any one text.
        var bytes = 64 << 20
        /// The nesting depth of nodes, calls and values.
        var depth = 400
        /// The nesting depth of the syntax tree.
        static let syntaxDepth = 150
        /// The nesting depth of lists and mappings.
        static let valueDepth = 200
        /// The longest `range`, which is also that of Jinja's sandbox.
        static let range = 100_000
    }
}
