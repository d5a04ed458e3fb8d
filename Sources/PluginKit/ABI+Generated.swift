// Written by Sources/PluginABI/abi.py from roost_plugin.h; after a change there: abi.py --write

/// What is wrong: `roost_err.code`.
public enum ErrorCode: Int32, Sendable {
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
}

/// What the host does about an error: `roost_err.flags`.
public struct ErrorFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The same call may succeed later.
    public static let retryable = ErrorFlags(rawValue: 1)
    /// The call's sequences are now empty: clear and feed again.
    public static let sequencesLost = ErrorFlags(rawValue: 2)
    /// Free the contexts and reopen the model.
    public static let modelPoisoned = ErrorFlags(rawValue: 4)
    /// Restart the worker or roll back.
    public static let pluginPoisoned = ErrorFlags(rawValue: 8)
}

/// How much a line of the log matters.
public enum LogLevel: Int32, Sendable {
    case error = 0
    case warning = 1
    case info = 2
    case debug = 3
}

/// What memory of the host is for: `tag` of `alloc`.
public enum MemoryTag: UInt32, Sendable {
    case other = 0
    /// What an open model keeps.
    case weights = 1
    /// What a context keeps of its sequences.
    case sequences = 2
    /// What calls need while they run.
    case work = 3
}

/// What a plugin says of its library: `roost_plugin.flags`.
public struct PluginFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// [load] calls may overlap.
    public static let parallelOpen = PluginFlags(rawValue: 1)
    /// Starts threads; joins them in close or detach.
    public static let ownThreads = PluginFlags(rawValue: 2)
}

/// What is special about a token: `roost_vocab.attr`.
public struct TokenAttributes: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Never shown: <s>, <|im_start|>.
    public static let control = TokenAttributes(rawValue: 1)
    /// Ends a generation: </s>, <|im_end|>.
    public static let end = TokenAttributes(rawValue: 2)
    /// A byte of the byte fallback.
    public static let byte = TokenAttributes(rawValue: 4)
    /// Never to be sampled.
    public static let unused = TokenAttributes(rawValue: 8)
}

/// `roost_vocab.flags`
public struct VocabularyFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// A text's first token begins with a space that is not its own.
    public static let spacePrefix = VocabularyFlags(rawValue: 1)
}

/// Flags of `tokenize`.
public struct TokenizeFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Add bos and eos as the model's own tokenizer does.
    public static let addSpecial = TokenizeFlags(rawValue: 1)
    /// "<|im_end|>" in the text is that token, not its characters.
    public static let parseSpecial = TokenizeFlags(rawValue: 2)
}

/// What a context can do: `roost_decode_caps.flags`.
public struct DecodeFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// seq_truncate to any length.
    public static let truncateAny = DecodeFlags(rawValue: 1)
    /// seq_fork works.
    public static let fork = DecodeFlags(rawValue: 2)
    /// Logits are bit-equal however rows are batched.
    public static let batchInvariant = DecodeFlags(rawValue: 4)
}

/// What a row of a batch asks for: `roost_batch.want`.
public enum Want: UInt8, Sendable {
    case none = 0
    case logits = 1
}

/// Flags of `embed`.
public struct EmbedFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The texts are queries: the model's query prefix applies.
    public static let query = EmbedFlags(rawValue: 1)
    /// The texts are passages.
    public static let passage = EmbedFlags(rawValue: 2)
    /// Leave the vectors' length as the model gives it.
    public static let noNormalize = EmbedFlags(rawValue: 4)
}

/// The ids of the extensions that this version knows.
public enum ExtensionID: String, CaseIterable, Sendable {
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
public enum ABI {
    /// Minor version of the tables of this side.
    public static let minor: UInt32 = 0
    /// The highest of roost_probe.score.
    public static let bestScore: Int32 = 100
    /// The id of a token that does not exist.
    public static let noToken: Int32 = -1
    /// Bytes of a pixel: red, green, blue.
    public static let imageChannels: Int = 3
    /// The symbol that a plugin exports.
    public static let entry = "roost_plugin_query_v1"

    /// The compiler of this side.
    public static var toolchain: String {
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
