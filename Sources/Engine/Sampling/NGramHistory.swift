/// Knows which tokens would repeat a run of `size` tokens.
struct NGramHistory: Sendable {
    private let size: Int
    private var tokens: [Int32] = []
    /// What has followed each run of `size - 1` tokens.
    private var followers: [[Int32]: Set<Int32>] = [:]

    /// - Parameter size: 0 remembers nothing.
    init(size: Int) {
        self.size = size
    }

    var isOff: Bool { size == 0 }

    mutating func append(_ token: Int32) {
        guard !isOff else { return }
        if tokens.count >= size - 1 { followers[end, default: []].insert(token) }
        tokens.append(token)
    }

    /// Forbids the tokens that have followed the last `size - 1` before.
    func apply(to logits: UnsafeMutableBufferPointer<Float>) {
        guard !isOff, tokens.count >= size - 1 else { return }
        for token in followers[end] ?? [] where Int(token) < logits.count {
            logits[Int(token)] = -.infinity
        }
    }

    private var end: [Int32] { Array(tokens.suffix(size - 1)) }
}
