/// Runs of sequences that are processed in parallel.
extension PackedSequences {
    /// Runs a network on groups of the sequences, each group from end to end on its own thread, so
    /// that its states stay in that thread's cache and no thread waits for another between layers.
    ///
    /// If the sequences do not divide evenly among the threads there is one group, in which the
    /// operations divide up their own work. Either way a sequence's result has the same bits.
    ///
    /// - Parameter network: gets the indices of some sequences and returns a tensor whose first
    ///   axis has their rows or the sequences themselves; it is called on several threads at once.
    /// - Returns: the tensors one after the other along their first axis.
    public func inGroups(_ network: (Range<Int>) throws -> Tensor) throws -> Tensor {
        let groups = groups(threads: ThreadPool.shared.threads)
        if groups.count == 1 { return try network(groups[0]) }
        var results = [Result<Tensor, any Error>?](repeating: nil, count: groups.count)
        results.withUnsafeMutableBufferPointer { results in
            let results = UncheckedBuffer(results)
            ThreadPool.shared.parallel(groups.count) { index in
                results.buffer[index] = Result { try network(groups[index]) }
            }
        }
        return try Tensor(joining: results.compactMap { try $0?.get() })
    }

    /// Runs of sequences of about equal size, or a single one if those would keep the threads busy
    /// less evenly.
    func groups(threads: Int) -> [Range<Int>] {
        let whole = [0..<count]
        guard threads > 1, count > 1 else { return whole }
        let most = min(max(tokens / (2 * threads), Self.leastTokens), Self.mostTokens)
        let groups = runs(upTo: most)
        var loads = [Int](repeating: 0, count: threads)
        for group in groups {
            let idlest = loads.indices.min { loads[$0] < loads[$1] } ?? 0
            loads[idlest] += offsets[group.upperBound] - offsets[group.lowerBound]
        }
        let longest = loads.max() ?? 0
        return Double(longest * threads) <= 1.2 * Double(tokens) ? groups : whole
    }

    private func runs(upTo most: Int) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var start = 0
        for index in 1...count
        where index == count || offsets[index + 1] - offsets[start] > most {
            runs.append(start..<index)
            start = index
        }
        return runs
    }

    /// A product of fewer tokens is not worth reading its weights for.
    private static let leastTokens = 32
    /// With this many tokens, the states of a small network stay in a core's own cache.
    private static let mostTokens = 128
}

/// Elements of which each is written by one thread.
private struct UncheckedBuffer<Element>: @unchecked Sendable {
    let buffer: UnsafeMutableBufferPointer<Element>

    init(_ buffer: UnsafeMutableBufferPointer<Element>) {
        self.buffer = buffer
    }
}

extension Tensor {
    /// Tensors one after the other along the first axis.
    ///
    /// - Parameter parts: at least one, F32, of one shape but for the first axis.
    /// - Throws: `shapesDiffer`, `element`.
    public init(joining parts: [Tensor]) throws(TensorError) {
        precondition(!parts.isEmpty)
        for part in parts {
            try part.requireF32("a part of a joined tensor")
            guard part.shape.dropFirst() == parts[0].shape.dropFirst() else {
                throw .shapesDiffer(
                    operation: "joining", left: parts[0].shape, right: part.shape)
            }
        }
        let rows = parts.reduce(0) { $0 + $1.shape[0] }
        self.init(uninitialized: [rows] + parts[0].shape.dropFirst())
        var end = 0
        for part in parts {
            let target = UnsafeMutableRawBufferPointer(
                rebasing: bytes[end..<end + part.byteCount])
            target.copyMemory(from: UnsafeRawBufferPointer(part.bytes))
            end += part.byteCount
        }
        withExtendedLifetime(parts) {}
    }
}
