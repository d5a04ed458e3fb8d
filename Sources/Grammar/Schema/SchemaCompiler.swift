import JSON

extension GrammarCompiler {
    mutating func rule(of schema: JSONValue, _ options: SchemaOptions) throws(GrammarError) -> Int32
    {
        throw GrammarError("todo")
    }
}
