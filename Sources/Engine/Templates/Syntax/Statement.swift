extension Jinja {
    indirect enum Statement {
        case text(String)
        case output(Expression)
        case conditional([(test: Expression, body: [Statement])], otherwise: [Statement])
        case loop(For)
        case assignment(Target, Expression)
        case blockAssignment(Target, filters: [NamedCall], body: [Statement])
        case macro(MacroDefinition)
        case callBlock(MacroDefinition, call: Expression)
        case filterBlock([NamedCall], body: [Statement])
        case with([(target: Target, value: Expression)], body: [Statement])
        /// A body with its own variables and no other effect: `generation`, `block`.
        case scope([Statement])
        case breakLoop
        case continueLoop
    }

    struct For {
        let target: Target
        let sequence: Expression
        let test: Expression?
        let isRecursive: Bool
        let body: [Statement]
        let otherwise: [Statement]
        let line: Int
    }

    /// A macro as written, or the body of a `call` block, which is a macro named `caller`.
    struct MacroDefinition {
        let name: String
        let parameters: [(name: String, standard: Expression?)]
        let body: [Statement]
        /// Whether the body reads `varargs`, and so takes more positional arguments.
        let takesMore: Bool
        /// Whether the body reads `kwargs`, and so takes more named arguments.
        let takesMoreNamed: Bool
    }

    /// What `set`, `for` and `with` assign to.
    indirect enum Target {
        case name(String)
        case attribute(of: String, String)
        case tuple([Target])
    }
}
