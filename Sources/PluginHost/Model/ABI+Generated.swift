// Written by Sources/PluginABI/abi.py from roost_plugin.h; after a change there: abi.py --write

/// What is wrong: `roost_err.code`.
package enum ErrorCode: Int32, Sendable {
    /// An argument is out of range or malformed.
    case argument = -1
    /// This model or plugin cannot do that.
    case unsupported = -2
    /// Over the budget, or the system has no more.
    case outOfMemory = -3
    /// A file could not be read.
    case io = -4
    /// roost_cancelled, a deadline that passed, or a sink that said stop.
    case cancelled = -5
    /// Not now: attached twice, context full.
    case busy = -6
    /// The model's files are damaged or contradict each other.
    case model = -7
    /// Host and plugin are too far apart.
    case version = -8
    /// A bug in the plugin.
    case `internal` = -9

    /// As the header writes it.
    package var name: String {
        switch self {
        case .argument: "ROOST_E_ARG"
        case .unsupported: "ROOST_E_UNSUPPORTED"
        case .outOfMemory: "ROOST_E_NOMEM"
        case .io: "ROOST_E_IO"
        case .cancelled: "ROOST_E_CANCELLED"
        case .busy: "ROOST_E_BUSY"
        case .model: "ROOST_E_MODEL"
        case .version: "ROOST_E_VERSION"
        case .internal: "ROOST_E_INTERNAL"
        }
    }
}

/// What the host does about an error: `roost_err.flags`.
package struct ErrorFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The same call may succeed later.
    package static let retryable = ErrorFlags(rawValue: 1)
    /// The call's sequences are now empty: clear and feed again.
    package static let sequencesLost = ErrorFlags(rawValue: 2)
    /// Free the contexts and reopen the model.
    package static let modelPoisoned = ErrorFlags(rawValue: 4)
    /// Restart the worker or roll back.
    package static let pluginPoisoned = ErrorFlags(rawValue: 8)
}

/// How much a line of the log matters.
package enum LogLevel: Int32, Sendable {
    case error = 0
    case warning = 1
    case info = 2
    case debug = 3
}

/// What memory of the host is for: `tag` of `alloc`.
package enum MemoryTag: UInt32, Sendable {
    case other = 0
    /// What an open model keeps.
    case weights = 1
    /// What a context keeps of its sequences.
    case sequences = 2
    /// What calls need while they run.
    case work = 3
}

/// What a plugin says of its library: `roost_plugin.flags`.
package struct PluginFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// [load] calls may overlap.
    package static let parallelOpen = PluginFlags(rawValue: 1)
    /// Starts threads; joins them in close or detach.
    package static let ownThreads = PluginFlags(rawValue: 2)
}

/// What is special about a token: `roost_vocab.attr`.
package struct TokenAttributes: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Never shown: <s>, <|im_start|>.
    package static let control = TokenAttributes(rawValue: 1)
    /// Ends a generation: </s>, <|im_end|>.
    package static let end = TokenAttributes(rawValue: 2)
    /// A byte of the byte fallback.
    package static let byte = TokenAttributes(rawValue: 4)
    /// Never to be sampled.
    package static let unused = TokenAttributes(rawValue: 8)
}

/// `roost_vocab.flags`
package struct VocabularyFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// A text's first token begins with a space that is not its own.
    package static let spacePrefix = VocabularyFlags(rawValue: 1)
}

/// Flags of `tokenize`.
package struct TokenizeFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Add bos and eos as the model's own tokenizer does.
    package static let addSpecial = TokenizeFlags(rawValue: 1)
    /// "<|im_end|>" in the text is that token, not its characters.
    package static let parseSpecial = TokenizeFlags(rawValue: 2)
}

/// What a context can do: `roost_decode_caps.flags`.
package struct DecodeFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// seq_truncate to any length.
    package static let truncateAny = DecodeFlags(rawValue: 1)
    /// seq_fork works.
    package static let fork = DecodeFlags(rawValue: 2)
    /// Logits are bit-equal however rows are batched.
    package static let batchInvariant = DecodeFlags(rawValue: 4)
}

/// What a row of a batch asks for: `roost_batch.want`.
package enum Want: UInt8, Sendable {
    case none = 0
    case logits = 1
}

/// Flags of `embed`.
package struct EmbedFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The texts are queries: the model's query prefix applies.
    package static let query = EmbedFlags(rawValue: 1)
    /// The texts are passages.
    package static let passage = EmbedFlags(rawValue: 2)
    /// Leave the vectors' length as the model gives it.
    package static let noNormalize = EmbedFlags(rawValue: 4)
}

/// The ids of the extensions that this version knows.
package enum ExtensionID: String, CaseIterable, Sendable {
    case tokens = "roost.text.tokens/1"
    case decode = "roost.text.decode/1"
    case adapters = "roost.text.adapters/1"
    case sequenceIO = "roost.text.seqio/1"
    case encode = "roost.text.encode/1"
    case vectors = "roost.vectors/1"
    case image = "roost.image/1"
    case task = "roost.task/1"
    case selfTest = "roost.selftest/1"
}

/// What version 1 fixes beside its tables.
package enum ABI {
    /// Minor version of the tables of this side.
    package static let minor: UInt32 = 0
    /// The highest of roost_probe.score.
    package static let bestScore: Int32 = 100
    /// The id of a token that does not exist.
    package static let noToken: Int32 = -1
    /// Bytes of a pixel: red, green, blue.
    package static let imageChannels: Int = 3
    /// The symbol that a plugin exports.
    package static let entry = "roost_plugin_query_v1"

    /// The compiler of this side.
    package static var toolchain: String {
        #if compiler(>=6.4)
            "swift 6.4"
        #elseif compiler(>=6.3.1)
            "swift 6.3.1"
        #elseif compiler(>=6.3)
            "swift 6.3"
        #else
            "swift 6.2"
        #endif
    }
}
