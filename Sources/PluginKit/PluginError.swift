package import PluginABI

/// An error as it crosses the boundary: its code, what the host may do about it, and a sentence.
public struct PluginError: Error, CustomStringConvertible, Sendable {
    public var code: ErrorCode
    public var flags: ErrorFlags
    /// Found, expected, remedy: a fragment in lower case.
    public var message: String

    public init(_ code: ErrorCode, _ message: String, flags: ErrorFlags = []) {
        self.code = code
        self.flags = flags
        self.message = message
    }

    public var description: String { message }

    /// The error as the boundary's: itself when it is one, else with the code it names, else
    /// `internal`.
    init(_ error: any Error) {
        switch error {
        case let error as PluginError: self = error
        case let error as any PluginErrorConvertible: self = error.pluginError
        default: self.init(.internal, String(describing: error))
        }
    }
}

/// An error of a plugin's own that knows its code at the boundary.
public protocol PluginErrorConvertible: Error {
    var pluginError: PluginError { get }
}

extension PluginError {
    /// Writes code, flags and as much of the message as fits, cut between characters.
    package func write(to err: UnsafeMutablePointer<roost_err>?) {
        guard let err, err.pointee.struct_size >= UInt32(MemoryLayout<roost_err>.size) else {
            return
        }
        err.pointee.flags = flags.rawValue
        err.pointee.code = code.rawValue
        guard let buffer = err.pointee.message, err.pointee.cap > 0 else { return }
        var message = message
        message.withUTF8 { text in
            let length = Self.cut(text, at: Int(err.pointee.cap) - 1)
            for i in 0..<length {
                buffer[i] = CChar(bitPattern: text[i])
            }
            buffer[length] = 0
        }
    }

    /// Calls a function of the host.
    ///
    /// - Throws: what it reports, in its words.
    static func check(_ body: (UnsafePointer<roost_call>) -> roost_status) throws {
        let capacity = 1024
        try withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { message in
            message.initialize(repeating: 0)
            var err = roost_err(
                struct_size: structSize(roost_err.self), flags: 0, code: 0, cap: UInt32(capacity),
                message: message.baseAddress)
            let status = withUnsafeMutablePointer(to: &err) { err in
                var call = roost_call()
                call.struct_size = structSize(roost_call.self)
                call.err = err
                return body(&call)
            }
            guard status != 0 else { return }
            let words = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw PluginError(
                ErrorCode(rawValue: status) ?? .internal, String(decoding: words, as: UTF8.self),
                flags: ErrorFlags(rawValue: err.flags))
        }
    }

    /// The largest length of at most `limit` bytes at which no UTF-8 character is split.
    private static func cut(_ text: UnsafeBufferPointer<UInt8>, at limit: Int) -> Int {
        guard text.count > limit else { return text.count }
        var length = limit
        while length > 0, text[length] & 0b1100_0000 == 0b1000_0000 {
            length -= 1
        }
        return length
    }
}
