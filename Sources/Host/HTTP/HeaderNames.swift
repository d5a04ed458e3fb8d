import HTTPTypes

extension HTTPField.Name {
    static let requestID = HTTPField.Name("x-request-id")!
    /// Names the members of a body that nobody knows.
    static let ignored = HTTPField.Name("x-roost-ignored")!
    static let apiKey = HTTPField.Name("x-api-key")!
    /// As Azure's clients send a key.
    static let azureKey = HTTPField.Name("api-key")!
    static let forwardedFor = HTTPField.Name("x-forwarded-for")!
    /// Tells nginx to pass an event stream on as it comes.
    static let accelBuffering = HTTPField.Name("x-accel-buffering")!
    static let forwarded = HTTPField.Name("forwarded")!
    static let referrerPolicy = HTTPField.Name("referrer-policy")!
}
