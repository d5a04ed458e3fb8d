/// Finds the first occurrence of any of some texts, byte by byte (Aho and Corasick 1975).
struct TextSearch {
    /// Whether a text ends in a state; state 0 is the beginning.
    private(set) var isFound: [Bool] = [false]
    /// `[states][256]`
    private var next: [[Int]] = [[Int](repeating: 0, count: 256)]

    init(_ texts: [[UInt8]]) {
        for text in texts {
            var state = 0
            for byte in text {
                if next[state][Int(byte)] == 0 {
                    next[state][Int(byte)] = next.count
                    next.append([Int](repeating: 0, count: 256))
                    isFound.append(false)
                }
                state = next[state][Int(byte)]
            }
            isFound[state] = true
        }
        completeWithFallbacks()
    }

    /// What follows after a byte that a text does not go on with is what follows after the longest
    /// end of it that another text begins with.
    private mutating func completeWithFallbacks() {
        var fallback = [Int](repeating: 0, count: next.count)
        var queue = next[0].filter { $0 != 0 }
        var place = 0
        while place < queue.count {
            let state = queue[place]
            place += 1
            isFound[state] = isFound[state] || isFound[fallback[state]]
            for byte in 0..<256 {
                let target = next[state][byte]
                if target == 0 {
                    next[state][byte] = next[fallback[state]][byte]
                } else {
                    fallback[target] = next[fallback[state]][byte]
                    queue.append(target)
                }
            }
        }
    }

    /// All bytes but FF, which is in no text.
    func edges(of state: Int) -> [(ClosedRange<UInt8>, Int)] {
        var edges: [(ClosedRange<UInt8>, Int)] = []
        for byte in UInt8.min...0xFE {
            let target = next[state][Int(byte)]
            if let (range, last) = edges.last, last == target {
                edges[edges.count - 1].0 = range.lowerBound...byte
            } else {
                edges.append((byte...byte, target))
            }
        }
        return edges
    }
}
