/// A text, or a pair of texts, as an encoder model reads it. All arrays have the same length.
public struct Encoding: Sendable, Equatable {
    public internal(set) var ids: [Int32] = []
    /// The segment of each id, 0 or 1, as the model's template says.
    public internal(set) var typeIDs: [Int32] = []
    /// The Unicode code points of its text that each id covers; empty for ids that the template
    /// adds. Ids that share a character overlap.
    public internal(set) var offsets: [Range<Int>] = []
    /// Whether the template added the id.
    public internal(set) var specialTokens: [Bool] = []
    /// Which text each id comes from, 0 or 1; nil for ids that the template adds.
    public internal(set) var sequence: [Int?] = []

    public init() {}

    public var count: Int { ids.count }
}

/// Which text of a pair is cut when both do not fit.
public enum Truncation: Sendable {
    /// The longer one, until both are equally long; then both.
    case longestFirst
    case onlyFirst
    case onlySecond
}

extension Encoding {
    mutating func appendSpecial(_ id: Int32, type: Int32) {
        ids.append(id)
        typeIDs.append(type)
        offsets.append(0..<0)
        specialTokens.append(true)
        sequence.append(nil)
    }

    /// Appends `text`, of which only ids and offsets are used, as text `sequence` of the pair.
    mutating func append(_ text: Encoding, _ part: Range<Int>, type: Int32, sequence index: Int) {
        ids += text.ids[part]
        offsets += text.offsets[part]
        typeIDs += repeatElement(type, count: part.count)
        specialTokens += repeatElement(false, count: part.count)
        sequence += repeatElement(Int?(index), count: part.count)
    }
}
