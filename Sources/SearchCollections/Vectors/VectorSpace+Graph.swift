extension VectorSpace {
    /// A graph follows when this share of the rows is not in it, and at least so many.
    private static let laggingShare = 0.05
    private static let laggingRows = 4096
    /// How many nodes are added between two looks at whether to go on.
    private static let step = 256

    /// Whether a graph should be made, or should follow.
    func wantsGraph(above threshold: Int) -> Bool {
        let snapshot = codes.snapshot
        guard snapshot.count - snapshot.dead >= threshold else { return false }
        guard let graph else { return true }
        let lagging = snapshot.count - snapshot.firstSlot(from: graph.through + 1)
        return lagging
            >= max(
                Self.laggingRows, Int(Self.laggingShare * Double(snapshot.count)))
    }

    /// Makes the graph, or adds the rows that it lacks, and writes it to its file. Takes about a
    /// millisecond a row.
    ///
    /// - Parameter goesOn: asked often; where it says no, what has been done is given up.
    /// - Returns: what tells the file from others; nil if it was given up.
    func growGraph(while goesOn: () -> Bool) throws -> GraphRecord? {
        let snapshot = codes.snapshot
        guard snapshot.count > 0 else { return nil }
        let known = graph
        let nodes =
            try known?.nodes
            ?? VectorGraph(
                dimensions: model.dimensions, capacity: snapshot.count)
        try nodes.reserve(snapshot.count)
        var slot = known.map { snapshot.firstSlot(from: $0.through + 1) } ?? 0
        while slot < snapshot.count {
            guard goesOn() else { return nil }
            let end = min(slot + Self.step, snapshot.count)
            try nodes.add(slot..<end, of: snapshot)
            slot = end
        }
        let through = snapshot.key(snapshot.count - 1)
        forgetDead(in: nodes, snapshot)
        let record = try nodes.save(path: graphPath, through: through)
        use(Graph(nodes: nodes, through: through))
        return record
    }

    /// Rows that went while the graph was made have been added all the same.
    private func forgetDead(in nodes: VectorGraph, _ snapshot: CodesFile.Snapshot) {
        nodes.remove((0..<snapshot.count).lazy.filter(snapshot.isDead).map(snapshot.key))
    }

    /// The keys whose codes are nearest to a vector, the best first, at least where there are so
    /// many. Blocks for as long as it takes.
    ///
    /// - Parameters:
    ///   - allowed: makes of the codes the set of slots that may be found; nil for all.
    ///   - threads: how many may work on it.
    func candidates(
        _ count: Int, for vector: [Float], threads: Int,
        allowed: ((CodesFile.Snapshot) -> SlotSet)?
    ) -> [Int64] {
        let snapshot = codes.snapshot
        let scan = VectorScan(snapshot: snapshot, dimensions: model.dimensions)
        guard allowed == nil, let graph else {
            return scan.best(
                count, for: vector, allowed: allowed?(snapshot), threads: threads)
        }
        let found = graph.nodes.best(count, for: vector)
        let tail = snapshot.firstSlot(from: graph.through + 1)
        guard tail < snapshot.count else { return found }
        let others = scan.best(count, for: vector, from: tail, threads: threads)
        return found + others.filter { !found.contains($0) }
    }
}
