extension VectorSpace {
    /// The graph is extended when this share of the rows is missing from it, and at least this
    /// many.
    private static let laggingShare = 0.05
    private static let laggingRows = 4096
    /// How many nodes are added between two checks of whether to continue.
    private static let step = 256

    /// Whether a graph should be built or extended.
    func wantsGraph(above threshold: Int) -> Bool {
        let snapshot = codes.snapshot
        guard snapshot.count - snapshot.dead >= threshold else { return false }
        guard let graph else { return true }
        let lagging = snapshot.count - snapshot.firstSlot(from: graph.through + 1)
        return lagging
            >= max(
                Self.laggingRows, Int(Self.laggingShare * Double(snapshot.count)))
    }

    /// Builds the graph, or adds the rows it lacks, and writes it to its file. Takes about a
    /// millisecond per row.
    ///
    /// - Parameter goesOn: called often; if it returns false, the work is abandoned.
    /// - Returns: what identifies the file; nil if the work was abandoned.
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

    /// Rows removed while the graph was built have been added all the same.
    private func forgetDead(in nodes: VectorGraph, _ snapshot: CodesFile.Snapshot) {
        nodes.remove((0..<snapshot.count).lazy.filter(snapshot.isDead).map(snapshot.key))
    }

    /// The keys whose codes are nearest to a vector, the best first; at least `count` if there are
    /// that many. Blocks until it is done.
    ///
    /// - Parameters:
    ///   - allowed: turns the codes into the set of slots that may be found; nil for all.
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
