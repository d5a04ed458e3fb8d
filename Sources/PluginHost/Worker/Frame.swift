/// One message between host and worker: a call, or its one answer.
///
///     length u32 | kind u16 | step u16 | call u32 | payload [length]
package struct Frame: Equatable {
    package static let headerSize = 12
    /// A vocabulary, or the token ids of the longest text, stays below.
    package static let payloadLimit = 256 << 20

    package enum Kind: UInt16, CaseIterable {
        case call = 1, answer, failure
    }

    package var kind: Kind
    /// What is called.
    package var step: CallStep
    /// The number of the call.
    package var call: UInt32
    package var payload: [UInt8]

    package struct Header: Equatable {
        package var length: Int
        package var kind: Kind
        package var step: CallStep
        package var call: UInt32

        /// - Parameter bytes: `headerSize` of them.
        package init(_ bytes: ArraySlice<UInt8>) throws {
            var reader = WireReader(bytes)
            length = try reader.read()
            let rawKind = try reader.read(UInt16.self)
            let rawStep = try reader.read(UInt16.self)
            call = try reader.read()
            guard length <= Frame.payloadLimit else {
                throw WireError.frame(length: length, limit: Frame.payloadLimit)
            }
            guard let kind = Kind(rawValue: rawKind) else { throw WireError.unknownKind(rawKind) }
            guard let step = CallStep(rawValue: Int32(rawStep)) else {
                throw WireError.unknownCall(rawStep)
            }
            self.kind = kind
            self.step = step
        }
    }

    package init(kind: Kind, step: CallStep = .idle, call: UInt32, payload: [UInt8]) {
        self.kind = kind
        self.step = step
        self.call = call
        self.payload = payload
    }

    /// Header and payload in one piece, so that a small message is one write.
    package var bytes: [UInt8] {
        var writer = WireWriter()
        writer.write(payload.count)
        writer.write(kind.rawValue)
        writer.write(UInt16(step.rawValue))
        writer.write(call)
        return writer.bytes + payload
    }
}

extension Frame {
    /// Refuses texts that do not fit into one message.
    static func check(texts: [String]) throws {
        let bytes = texts.reduce(0) { $0 + $1.utf8.count }
        guard bytes <= payloadLimit / 2 else {
            throw ModelFailure.argument(
                "\(bytes) bytes of text in a call, expected at most \(payloadLimit / 2)")
        }
    }
}

// MARK: - Failures

extension WireWriter {
    /// A sentence, however long what it quotes.
    fileprivate mutating func write(clipped text: String) {
        write(Array(text.utf8.prefix(8 << 10)))
    }
}

extension ModelFailure {
    /// The payload of a failure that happens in a worker.
    package var payload: [UInt8] {
        var writer = WireWriter()
        switch self {
        case .refused(let code, let flags, let message):
            writer.write(1 as UInt8)
            writer.write(code.rawValue)
            writer.write(flags.rawValue)
            writer.write(clipped: message)
        case .load(let stage, let reason):
            writer.write(2 as UInt8)
            writer.write(stage.rawValue)
            writer.write(clipped: reason)
        case .broken(let step, let reason):
            writer.write(3 as UInt8)
            writer.write(step)
            writer.write(clipped: reason)
        case .crashed, .hung, .unavailable:
            writer.write(3 as UInt8)
            writer.write(CallStep.idle.name)
            writer.write(clipped: description)
        }
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        switch try reader.read(UInt8.self) {
        case 1:
            self = .refused(
                code: ErrorCode(status: try reader.read()),
                flags: ErrorFlags(rawValue: try reader.read()), message: try reader.read())
        case 2:
            let stage: String = try reader.read()
            guard let stage = LoadStage(rawValue: stage) else {
                throw WireError.value("a failure in the unknown stage '\(stage)'")
            }
            self = .load(stage: stage, reason: try reader.read())
        case 3: self = .broken(step: try reader.read(), reason: try reader.read())
        case let tag: throw WireError.value("a failure of unknown kind \(tag)")
        }
        try reader.finish()
    }
}
