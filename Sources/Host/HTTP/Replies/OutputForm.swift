package import Engine
package import Grammar
import JSON

/// What a reply must be like, and the member of the request that says so.
package struct OutputForm: Sendable, Equatable {
    package var expression: GrammarExpression
    /// The path of the member: `response_format.json_schema.schema`.
    package var param: String

    package init(_ expression: GrammarExpression, param: String) {
        self.expression = expression
        self.param = param
    }

    /// Any JSON object.
    package static func anyObject(param: String) -> OutputForm {
        OutputForm(.schema(["type": "object"]), param: param)
    }

    /// The form for one model, compiled or found among those that were compiled before.
    ///
    /// - Throws: `APIError.invalid` for one that cannot be enforced, with the place of the fault.
    package func constraint(_ engine: TextEngine) async throws -> TokenGrammar {
        do {
            return try await engine.constraints.grammar(expression)
        } catch let error as GrammarError {
            throw APIError.invalid(param: param, "is refused: \(error)")
        }
    }
}
