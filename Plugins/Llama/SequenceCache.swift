import PluginCommon
import PluginKit
import TensorRuntime

/// What a network remembers of its sequences: the keys and values of its attention, and the states of
/// its recurrent layers.
///
/// A batch is begun, written layer by layer, and committed as a whole or rolled back. One thread at a
/// time.
final class SequenceCache: DecoderCache {
    let attention: KVCache
    /// Nil for a network without recurrent layers.
    let states: SequenceStates?
    /// For each layer its place in `attention`, or its first slot in `states`.
    private let places: [Int]

    /// - Parameter element: F16, BF16, Q8_0 or F32.
    init(
        _ layout: Layout, sequences: Int, positions: Int, element: ElementType
    ) throws {
        attention = try KVCache(
            layers: layout.attentionLayers, kvHeads: layout.kvHeads, headSize: layout.headSize,
            sequences: sequences, positions: positions, element: element,
            windows: layout.windows)
        states = Self.states(layout, sequences)
        places = layout.places
    }

    /// For passes over whole texts that nobody continues: all layers of attention use the same memory,
    /// one after the other.
    init(passing layout: Layout, sequences: Int, positions: Int) throws {
        attention = try KVCache(
            layers: min(1, layout.attentionLayers), kvHeads: layout.kvHeads,
            headSize: layout.headSize, sequences: sequences, positions: positions, element: .f32)
        states = Self.states(layout, sequences)
        places = layout.places.enumerated().map { layout.recurrent[$0] == nil ? 0 : $1 }
    }

    private static func states(_ layout: Layout, _ sequences: Int) -> SequenceStates? {
        guard !layout.recurrent.isEmpty else { return nil }
        return SequenceStates(sizes: layout.slots, sequences: sequences)
    }

    /// The states, for a layer that has some.
    var recurrent: SequenceStates {
        guard let states else { preconditionFailure("the network has no recurrent layers") }
        return states
    }

    /// Whether a sequence can return to any of its positions.
    var remembersAll: Bool { states == nil && attention.remembersAll }

    /// Where a layer finds what is its own.
    func place(ofLayer layer: Int) -> Int { places[layer] }
}

extension SequenceCache {
    /// What the layers of a network remember of a sequence.
    struct Layout {
        let kvHeads: Int
        let headSize: Int
        let layers: Int
        /// The floats of the slots of each recurrent layer; the others attend.
        let recurrent: [Int: [Int]]
        /// How many positions a row of a layer sees; nil for all.
        let window: @Sendable (_ layer: Int) -> Int?
    }
}

extension SequenceCache.Layout {
    init(
        _ c: DecoderConfiguration, recurrent: [Int: [Int]] = [:],
        window: @escaping @Sendable (_ layer: Int) -> Int? = { _ in nil }
    ) {
        self.init(
            kvHeads: c.keyValueHeads, headSize: c.headSize, layers: c.numHiddenLayers,
            recurrent: recurrent, window: window)
    }

    var attentionLayers: Int { layers - recurrent.count }

    /// Of the layers that attend, in order.
    var windows: [Int?] {
        (0..<layers).lazy.filter { recurrent[$0] == nil }.map { window($0) }
    }

    /// The bytes of a sequence of so many positions: those of keys and values between two batches, and
    /// the states in F32.
    func bytes(positions: Int, element: ElementType) -> UInt64 {
        let head = KVCache.pageBytes(headSize: headSize, element: element)
        let page: UInt64 = .bytes(head, kvHeads)
        var pages: UInt64 = 0
        for layer in 0..<layers where recurrent[layer] == nil {
            pages += UInt64(KVCache.pages(positions: positions, window: window(layer)))
        }
        return .bytes(Int(page), Int(pages)) + .bytes(4, stateFloats)
    }

    /// The floats of all states of a sequence.
    var stateFloats: Int { recurrent.values.joined().reduce(0, +) }

    /// The sizes of all slots, layer by layer.
    fileprivate var slots: [Int] { recurrent.sorted { $0.key < $1.key }.flatMap(\.value) }

    /// For each layer its place among those that attend, or its first slot.
    fileprivate var places: [Int] {
        var (attention, slot) = (0, 0)
        return (0..<layers).map { layer in
            if let slots = recurrent[layer] {
                defer { slot += slots.count }
                return slot
            }
            defer { attention += 1 }
            return attention
        }
    }
}

// MARK: - Batches and sequences

extension SequenceCache {
    /// - Throws: `TensorError`; then nothing has changed.
    func begin(_ rows: SequenceRows) throws {
        try attention.begin(rows)
        do {
            try states?.begin(rows)
        } catch {
            attention.rollback()
            throw error
        }
    }

    func commit() {
        attention.commit()
        states?.commit()
    }

    func rollback() {
        attention.rollback()
        states?.rollback()
    }

    func clear(_ sequence: Int) throws {
        try attention.clear(sequence)
        try states?.clear(sequence)
    }

    /// - Throws: `PluginError.unsupported` for a length to which recurrent layers, or those with a window,
    ///   cannot return.
    func truncate(_ sequence: Int, to length: Int) throws {
        if length == 0 { return try clear(sequence) }
        try requireWhole(length, of: sequence)
        try attention.truncate(sequence, to: length)
    }

    /// - Throws: as `truncate`.
    func fork(_ source: Int, to target: Int, length: Int) throws {
        if length == 0 { return try clear(target) }
        try requireWhole(length, of: source)
        try attention.fork(source, to: target, length: length)
        try states?.fork(source, to: target)
    }

    private func requireWhole(_ length: Int, of sequence: Int) throws {
        let found = try attention.length(of: sequence)
        let earliest = try attention.earliestReturn(of: sequence)
        if length < earliest {
            throw PluginError(
                .unsupported,
                "the model's layers with a window have let go of what position \(length) of sequence "
                    + "\(sequence) sees; it can return to \(earliest) to \(found), and to 0")
        }
        if states != nil, length != found {
            throw PluginError(
                .unsupported,
                "the model's recurrent layers are at position \(found) of sequence \(sequence), and "
                    + "cannot return to \(length), only to 0")
        }
    }
}
