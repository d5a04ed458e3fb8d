/// What a place remembers of texts that must all differ: those that are complete, and the one that is
/// being read. Memories are numbered; 0 is that of a place outside of any such texts.
struct DistinctTexts {
    private struct Memory: Hashable {
        /// The complete texts, by number, in rising order.
        var texts: [Int32] = []
        /// The text that is being read, -1 between texts.
        var current: Int32 = -1
    }

    /// A text, as another and one more byte.
    private struct Text: Hashable {
        var before: Int32
        var byte: UInt8
    }

    private var memories: [Memory] = [Memory()]
    private var numbers: [Memory: Int32] = [:]
    /// Text 0 is empty.
    private var texts: [Text: Int32] = [:]

    mutating func append(_ byte: UInt8, to memory: Int32) -> Int32 {
        var next = memories[Int(memory)]
        guard next.current >= 0 else { return memory }
        let text = Text(before: next.current, byte: byte)
        next.current = texts[text] ?? Int32(texts.count + 1)
        texts[text] = next.current
        return number(of: next)
    }

    /// - Returns: nil if the text that ends is one of the earlier ones.
    mutating func perform(_ action: Network.Action, on memory: Int32) -> Int32? {
        var next = memories[Int(memory)]
        switch action {
        case .none: return memory
        case .beginDistinct: next = Memory()
        case .endDistinct: return 0
        case .beginText: next.current = 0
        case .endText:
            let place = next.texts.firstIndex { $0 >= next.current } ?? next.texts.count
            if place < next.texts.count, next.texts[place] == next.current { return nil }
            next.texts.insert(next.current, at: place)
            next.current = -1
        }
        return number(of: next)
    }

    private mutating func number(of memory: Memory) -> Int32 {
        if let known = numbers[memory] { return known }
        memories.append(memory)
        numbers[memory] = Int32(memories.count - 1)
        return Int32(memories.count - 1)
    }
}
