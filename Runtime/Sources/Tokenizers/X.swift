public struct Tok { public init() {} }
