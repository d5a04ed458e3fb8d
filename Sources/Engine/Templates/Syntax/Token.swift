import JSON

extension Jinja {
    /// A piece of a template: text between tags, the ends of a tag, or a word inside of one.
    struct Token: Equatable {
        enum Kind: Equatable {
            case text(String)
            case outputBegin, outputEnd
            case blockBegin, blockEnd
            case name(String)
            case string(String)
            case integer(Int)
            case float(Double)
            case symbol(String)
            case end
        }

        let kind: Kind
        let line: Int

        /// How an error names the token.
        var description: String {
            switch kind {
            case .text: "text"
            case .outputBegin: "'{{'"
            case .outputEnd: "'}}'"
            case .blockBegin: "'{%'"
            case .blockEnd: "'%}'"
            case .name(let name): "'\(name)'"
            case .string: "a string"
            case .integer(let value): "'\(value)'"
            case .float(let value): "'\(value.pythonDescription)'"
            case .symbol(let symbol): "'\(symbol)'"
            case .end: "the end of the template"
            }
        }
    }
}
