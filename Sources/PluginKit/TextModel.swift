/// A model with a vocabulary.
public protocol TextModel: Model {
    /// Copied once, when the model has been opened.
    var vocabulary: Vocabulary { get }

    /// The ids of a text. From any thread, concurrently with every other call.
    ///
    /// - Parameter plain: the bytes of its UTF-8 that somebody else wrote, in ascending, disjoint,
    ///   non-empty ranges: `.parseSpecial` finds no control token that includes one of them. They
    ///   are no word borders.
    func tokenize(
        _ text: String, plain: [Range<Int>], flags: TokenizeFlags, call: Call
    ) throws -> [Int32]
}

/// What every token writes, and which tokens are special.
public struct Vocabulary: Sendable {
    /// The tokens' bytes, one after the other.
    public private(set) var bytes: [UInt8] = []
    /// Token i writes `bytes[offsets[i]..<offsets[i + 1]]`.
    public private(set) var offsets: [UInt32] = [0]
    public private(set) var attributes: [TokenAttributes] = []
    public var bos: Int32?
    public var eos: Int32?
    /// The token that ends a turn of a conversation.
    public var eot: Int32?
    public var pad: Int32?
    /// A text's first token begins with a space that is not its own.
    public var spacePrefix = false

    public init() {}

    /// - Precondition: `offsets` ascend from 0 to the number of bytes, one more than `attributes`.
    public init(bytes: [UInt8], offsets: [UInt32], attributes: [TokenAttributes]) {
        precondition(offsets.count == attributes.count + 1)
        precondition(offsets.first == 0 && offsets.last == UInt32(bytes.count))
        self.bytes = bytes
        self.offsets = offsets
        self.attributes = attributes
    }

    public var count: Int { attributes.count }

    public mutating func append(_ piece: some Collection<UInt8>, _ attributes: TokenAttributes = [])
    {
        bytes += piece
        offsets.append(UInt32(bytes.count))
        self.attributes.append(attributes)
    }
}
