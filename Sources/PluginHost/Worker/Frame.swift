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

    package init(kind: Kind, step: CallStep = .idle, call: UInt32, payload: [UInt8]) {
        self.kind = kind
        self.step = step
        self.call = call
        self.payload = payload
    }

    /// Header and payload in one piece, so that a small message is one write.
    package var bytes: [UInt8] {
        Header(
            length: payload.count, kind: kind.rawValue, step: UInt16(step.rawValue), call: call
        ).payload + payload
    }

    package struct Header: WireMessage {
        package private(set) var length: Int
        private var kind: UInt16
        private var step: UInt16
        private var call: UInt32

        fileprivate init(length: Int, kind: UInt16, step: UInt16, call: UInt32) {
            self.length = length
            self.kind = kind
            self.step = step
            self.call = call
        }

        /// - Parameter bytes: `headerSize` of them.
        package init(_ bytes: [UInt8]) throws {
            self = try Header(length: 0, kind: 0, step: 0, call: 0).read(bytes)
            guard length <= Frame.payloadLimit else {
                throw WireError.frame(length: length, limit: Frame.payloadLimit)
            }
            _ = try frame()
        }

        package mutating func pass(_ wire: inout Wire) throws {
            try wire.pass(&length, &kind, &step)
            try wire.pass(&call)
        }

        /// The frame, whose payload follows.
        func frame() throws -> Frame {
            guard let kind = Kind(rawValue: kind) else { throw WireError.unknownKind(kind) }
            guard let step = CallStep(rawValue: Int32(step)) else {
                throw WireError.unknownCall(step)
            }
            return Frame(kind: kind, step: step, call: call, payload: [])
        }
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

/// A failure as it travels, which is told and not counted.
package struct FailureMessage: WireMessage {
    private var kind: UInt8 = 0
    private var code: Int32 = 0
    private var flags: UInt32 = 0
    /// Of a load, or where in the plugin.
    private var stage = ""
    private var words = ""

    package init() {}

    package init(_ failure: ModelFailure) {
        switch failure {
        case .refused(let code, let flags, let message):
            (kind, self.code, self.flags, words) = (1, code.rawValue, flags.rawValue, message)
        case .load(let stage, let reason): (kind, self.stage, words) = (2, stage.rawValue, reason)
        case .broken(let step, let reason): (kind, stage, words) = (3, step, reason)
        case .crashed, .hung, .unavailable:
            (kind, stage, words) = (3, CallStep.idle.name, failure.description)
        }
        // A sentence, however long what it quotes.
        words = String(decoding: words.utf8.prefix(8 << 10), as: UTF8.self)
    }

    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&kind, &code, &flags)
        try wire.pass(&stage, &words)
    }

    package func failure() throws -> ModelFailure {
        switch kind {
        case 1:
            return .refused(
                code: ErrorCode(status: code), flags: ErrorFlags(rawValue: flags), message: words)
        case 2:
            guard let stage = LoadStage(rawValue: stage) else {
                throw WireError.value("a failure in the unknown stage '\(stage)'")
            }
            return .load(stage: stage, reason: words)
        case 3: return .broken(step: stage, reason: words)
        default: throw WireError.value("a failure of unknown kind \(kind)")
        }
    }
}
