extension Jinja {
    /// An expression, its position and its nesting depth.
    struct Expression {
        let kind: Kind
        let line: Int
        let depth: Int

        indirect enum Kind {
            case constant(Value)
            case name(String)
            case list([Expression])
            case tuple([Expression])
            case dictionary([(key: Expression, value: Expression)])
            case attribute(Expression, String)
            case item(Expression, Expression)
            case slice(Expression, Slice)
            case call(Expression, CallArguments)
            case filter(Expression, NamedCall)
            case test(Expression, NamedCall)
            case negative(Expression)
            case positive(Expression)
            case not(Expression)
            case binary(BinaryOperator, Expression, Expression)
            case and(Expression, Expression)
            case or(Expression, Expression)
            case comparison(Expression, [(ComparisonOperator, Expression)])
            case concatenation([Expression])
            case conditional(test: Expression, then: Expression, otherwise: Expression?)
        }
    }

    struct Slice {
        var start: Expression?
        var stop: Expression?
        var step: Expression?

        var parts: [Expression] { [start, stop, step].compactMap(\.self) }
    }

    enum BinaryOperator: String {
        case add = "+"
        case subtract = "-"
        case multiply = "*"
        case divide = "/"
        case divideFloor = "//"
        case remainder = "%"
        case power = "**"
    }

    enum ComparisonOperator: String {
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case contained = "in"
        case notContained = "not in"
    }

    /// The arguments of a call as written: `(a, b, *rest, key=c, **more)`.
    struct CallArguments {
        var positional: [Expression] = []
        var named: [(name: String, value: Expression)] = []
        var spread: Expression?
        var spreadNamed: Expression?

        var parts: [Expression] {
            positional + named.map(\.value) + [spread, spreadNamed].compactMap(\.self)
        }
    }

    /// A filter or a test: `replace(' ', '_')`.
    struct NamedCall {
        let name: String
        let arguments: CallArguments
        let line: Int
    }

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
