import PNGFiles
import PluginHost

/// What processes and programs write: frames of workers, libraries, images.
enum Binaries {
    /// The first byte chooses the message; what was read and is written again reads the same.
    static func readFrame(_ bytes: [UInt8]) throws {
        guard let choice = bytes.first else { return }
        let messages = Self.messages
        let again = messages[Int(choice) % messages.count]
        let written = try again(Array(bytes.dropFirst()))
        let twice = try again(written)
        precondition(twice == written, "message \(choice) is written otherwise")
    }

    /// Read a message and write what they read.
    private static let messages: [@Sendable ([UInt8]) throws -> [UInt8]] =
        [readHeader, readFailure] + CallStep.calls.flatMap { [call($0), answer(to: $0)] }

    private static func readHeader(_ bytes: [UInt8]) throws -> [UInt8] {
        _ = try Frame.Header(Array(bytes.prefix(Frame.headerSize)))
        return bytes
    }

    private static func readFailure(_ payload: [UInt8]) throws -> [UInt8] {
        FailureMessage(try FailureMessage().read(payload).failure()).payload
    }

    private static func call(
        _ call: any WorkerCall
    ) -> @Sendable ([UInt8]) throws -> [UInt8] {
        { payload in
            if let call = call as? any ModelCall { return try timed(call, payload) }
            return try call.read(payload).payload
        }
    }

    private static func timed<Call: ModelCall>(
        _ call: Call, _ payload: [UInt8]
    ) throws -> [UInt8] {
        let (read, deadline) = try call.readTimed(payload)
        return read.payload(until: deadline)
    }

    private static func answer<Call: WorkerCall>(
        to call: Call
    ) -> @Sendable ([UInt8]) throws -> [UInt8] {
        { Call.payload(of: try Call.answer($0)) }
    }

    static func inspectLibrary(_ bytes: [UInt8]) throws {
        let file = try ELFFile(bytes)
        _ = try ELFPreflight.inspect(file, folder: "/nonexistent")
    }

    static func readImage(_ bytes: [UInt8]) throws {
        let image = try PNG.decoded(bytes, limit: 512)
        precondition(image.rgb.count == image.width * image.height * 3)
    }
}
