import Engine

extension APIError {
    /// `{"error":{"message","type","param","code"}}`
    package var json: String {
        let body: JSONValue = [
            "error": [
                "message": .string(description),
                "type": .string(type),
                "param": param.map(JSONValue.string) ?? .null,
                "code": code.map(JSONValue.string) ?? .null,
            ]
        ]
        return body.serialized()
    }
}
