package import HTTPTypes

extension HTTPField.Name {
    static let requestID = HTTPField.Name("x-request-id")!
    /// Names the unknown members of a body.
    static let ignored = HTTPField.Name("x-roost-ignored")!
    package static let apiKey = HTTPField.Name("x-api-key")!
    /// As Azure's clients send a key.
    static let azureKey = HTTPField.Name("api-key")!
    /// Tells nginx to pass an event stream on as it comes.
    static let accelBuffering = HTTPField.Name("x-accel-buffering")!
    /// A Host header beside the first, which is the authority of the request.
    static let furtherHost = HTTPField.Name("host")!
    static let referrerPolicy = HTTPField.Name("referrer-policy")!
}
