/// Finds the stop string that is complete first, and holds back what may become one.
///
/// Matching is by bytes of UTF-8, where it can only begin and end between characters; the result does
/// not depend on how the text is cut into pieces.
struct StopMatcher: Sendable {
    private let stops: [[UInt8]]
    /// Whether the stop string itself is part of the text.
    private let includesStop: Bool
    private var held: [UInt8] = []
    /// Whether a stop string may begin at each of the held bytes.
    private var mayBegin: [Bool] = []

    init(_ stops: [String], includesStop: Bool = false) {
        self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
        self.includesStop = includesStop
    }

    /// - Returns: the text that is now certain, and the stop string that followed or ended it.
    ///
    /// - Parameter places: for each byte, whether a stop string may begin there; nil is everywhere.
    mutating func append(
        _ text: String, mayBegin places: [Bool]? = nil
    ) -> (text: String, stop: String?) {
        guard !stops.isEmpty else { return (text, nil) }
        var text = text
        let scanned = held.count
        text.withUTF8 { held += $0 }
        let added = held.count - scanned
        mayBegin += places?.prefix(added) ?? []
        mayBegin += Array(repeating: places == nil, count: held.count - mayBegin.count)
        if let match = firstMatch(after: scanned) {
            defer { (held, mayBegin) = ([], []) }
            let end = includesStop ? match.upperBound : match.lowerBound
            let stop = String(decoding: held[match], as: UTF8.self)
            return (String(decoding: held[..<end], as: UTF8.self), stop)
        }
        let certain = held.count - undecided
        defer {
            held.removeFirst(certain)
            mayBegin.removeFirst(certain)
        }
        return (String(decoding: held[..<certain], as: UTF8.self), nil)
    }

    /// The end of the text: nothing can become a stop string any more.
    mutating func finish() -> String {
        defer { (held, mayBegin) = ([], []) }
        return String(decoding: held, as: UTF8.self)
    }

    /// The match that ends first, of several the longest, ending after `scanned` bytes.
    private func firstMatch(after scanned: Int) -> Range<Int>? {
        for end in (scanned + 1)..<(held.count + 1) {
            let starts = stops.filter { held[..<end].ends(with: $0) }.map { end - $0.count }
            if let start = starts.filter({ mayBegin[$0] }).min() { return start..<end }
        }
        return nil
    }

    /// The length of the longest suffix that a stop string begins with.
    private var undecided: Int {
        let longest = (stops.map(\.count).max() ?? 1) - 1
        return (0...min(longest, held.count)).last { length in
            stops.contains { length < $0.count && $0.starts(with: held.suffix(length)) }
        } ?? 0
    }
}

extension ArraySlice<UInt8> {
    fileprivate func ends(with other: [UInt8]) -> Bool {
        count >= other.count && suffix(other.count).elementsEqual(other)
    }
}
