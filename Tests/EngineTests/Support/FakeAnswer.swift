import PluginHost

extension ModelCall {
    /// What a fake model answers, which looks at what kind of call it is.
    func answer(_ body: (any ModelCall) throws -> Any) throws -> Result {
        let answer = try body(self)
        guard let result = answer as? Result else {
            preconditionFailure("\(type(of: answer)) in answer to \(Self.step)")
        }
        return result
    }
}
