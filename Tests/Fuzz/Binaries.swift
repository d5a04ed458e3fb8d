import PNGFiles
import PluginHost

/// What processes and programs write: frames of workers, libraries, pictures.
enum Binaries {
    /// The first byte chooses the message; what was read and is written again reads the same.
    static func readFrame(_ bytes: [UInt8]) throws {
        guard let choice = bytes.first else { return }
        let payload = Array(bytes.dropFirst())
        let messages = Self.messages
        try messages[Int(choice) % messages.count](payload)
    }

    private static let messages: [@Sendable ([UInt8]) throws -> Void] = [
        { _ = try Frame.Header($0.prefix(Frame.headerSize)) },
        { try again($0, Hello.init, \.payload) },
        { try again($0, OpenRequest.init, \.payload) },
        { try again($0, TokenizeCall.init, \.payload) },
        { try again($0, ForwardCall.init, \.payload) },
        { try again($0, EncodeCall.init, \.payload) },
        { try again($0, SequenceCall.init, \.payload) },
        { try again($0, Number.init, \.payload) },
        { try again($0, EmbedTokenizeCall.init, \.payload) },
        { try again($0, EmbedCall.init, \.payload) },
        { try again($0, TextsCall.init, \.payload) },
        { try again($0, BeginTaskCall.init, \.payload) },
        { try again($0, AdvanceTaskCall.init, \.payload) },
        { try again($0, TaskProgress.init, \.payload) },
        { try again($0, BeginImageCall.init, \.payload) },
        { try again($0, ImageCall.init, \.payload) },
        { try again($0, ImageProgress.init, \.payload) },
        { try again($0, Probe.init, \.payload) },
        { try again($0, ModelDescription.init, \.payload) },
        { _ = try Vocabulary.read($0) },
        { try again($0, ModelFailure.init, \.payload) },
    ]

    private static func again<Message>(
        _ payload: [UInt8], _ read: ([UInt8]) throws -> Message,
        _ write: (Message) -> [UInt8]
    ) throws {
        let written = write(try read(payload))
        guard let second = try? read(written) else {
            preconditionFailure("\(Message.self) cannot be read after it was written")
        }
        precondition(write(second) == written, "\(Message.self) is written otherwise")
    }

    static func inspectLibrary(_ bytes: [UInt8]) throws {
        let file = try ELFFile(bytes)
        _ = try ELFPreflight.inspect(file, folder: "/nonexistent")
    }

    static func readPicture(_ bytes: [UInt8]) throws {
        let picture = try PNG.decoded(bytes, limit: 512)
        precondition(picture.rgb.count == picture.width * picture.height * 3)
    }
}
