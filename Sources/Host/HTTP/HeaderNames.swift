import HTTPTypes

extension HTTPField.Name {
    static let requestID = HTTPField.Name("x-request-id")!
    static let forwardedFor = HTTPField.Name("x-forwarded-for")!
    /// Tells nginx to pass an event stream on as it comes.
    static let accelBuffering = HTTPField.Name("x-accel-buffering")!
    static let forwarded = HTTPField.Name("forwarded")!
    static let referrerPolicy = HTTPField.Name("referrer-policy")!
}
