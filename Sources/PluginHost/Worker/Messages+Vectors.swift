/// Texts whose ids are wanted.
package struct EmbedTokenizeCall: Equatable {
    package var texts: [String]
    package var flags: EmbedFlags

    package init(texts: [String], flags: EmbedFlags) {
        self.texts = texts
        self.flags = flags
    }

    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(flags.rawValue)
        writer.write(strings: texts)
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        flags = EmbedFlags(rawValue: try reader.read())
        texts = try reader.readStrings()
        try reader.finish()
    }
}

/// Texts whose tokens are to be counted.
package struct CountTokensCall: Equatable {
    package var texts: [String]
    package var companions: Companions
    package var flags: EmbedFlags

    package init(texts: [String], companions: Companions, flags: EmbedFlags) {
        self.texts = texts
        self.companions = companions
        self.flags = flags
    }

    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(flags.rawValue)
        writer.write(strings: texts)
        switch companions {
        case .none: writer.write(UInt8(0))
        case .query(let query):
            writer.write(UInt8(1))
            writer.write(query)
        case .pairs(let pairs):
            writer.write(UInt8(2))
            writer.write(strings: pairs)
        }
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        flags = EmbedFlags(rawValue: try reader.read())
        texts = try reader.readStrings()
        switch try reader.read(UInt8.self) {
        case 0: companions = .none
        case 1: companions = .query(try reader.readString())
        case 2: companions = .pairs(try reader.readStrings())
        default: throw WireError.value("a kind of companions that is unknown")
        }
        try reader.finish()
    }
}

extension [TokenCount] {
    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(array: flatMap { [UInt32(clamping: $0.whole), UInt32(clamping: $0.read)] })
        return writer.bytes
    }

    package init(payload: [UInt8]) throws {
        var reader = WireReader(payload)
        let numbers = try reader.readArray(of: UInt32.self)
        try reader.finish()
        guard numbers.count.isMultiple(of: 2) else {
            throw WireError.value("\(numbers.count) numbers of tokens, expected two for each text")
        }
        self = stride(from: 0, to: numbers.count, by: 2).map {
            TokenCount(whole: Int(numbers[$0]), read: Int(numbers[$0 + 1]))
        }
    }
}

package struct EmbedCall: Equatable {
    package var batch: EmbeddingBatch
    package var flags: EmbedFlags
    package var deadline: MonotonicTime?

    package init(batch: EmbeddingBatch, flags: EmbedFlags, deadline: MonotonicTime?) {
        self.batch = batch
        self.flags = flags
        self.deadline = deadline
    }

    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(deadline)
        writer.write(flags.rawValue)
        switch batch {
        case .texts(let texts):
            writer.write(false)
            writer.write(strings: texts)
        case .tokens(let texts):
            writer.write(true)
            writer.write(lists: texts)
        }
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        deadline = try reader.readDeadline()
        flags = EmbedFlags(rawValue: try reader.read())
        batch =
            try reader.readBool()
            ? .tokens(try reader.readLists()) : .texts(try reader.readStrings())
        try reader.finish()
    }
}

/// Texts to be labelled, perhaps each with another; or with a query, to be scored.
package struct TextsCall: Equatable {
    package var query = ""
    package var texts: [String]
    package var pairs: [String]?
    package var deadline: MonotonicTime?

    package init(
        query: String = "", texts: [String], pairs: [String]? = nil, deadline: MonotonicTime?
    ) {
        self.query = query
        self.texts = texts
        self.pairs = pairs
        self.deadline = deadline
    }

    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(deadline)
        writer.write(query)
        writer.write(strings: texts)
        writer.write(optional: pairs) { $0.write(strings: $1) }
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        deadline = try reader.readDeadline()
        query = try reader.readString()
        texts = try reader.readStrings()
        pairs = try reader.readOptional { try $0.readStrings() }
        try reader.finish()
    }
}

// MARK: - Tasks

package struct BeginTaskCall: Equatable {
    package var name: String
    package var input: [UInt8]
    package var deadline: MonotonicTime?

    package init(name: String, input: [UInt8], deadline: MonotonicTime?) {
        self.name = name
        self.input = input
        self.deadline = deadline
    }

    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(deadline)
        writer.write(name)
        writer.write(input)
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        deadline = try reader.readDeadline()
        name = try reader.readString()
        input = try reader.readBytes()
        try reader.finish()
    }
}

package struct AdvanceTaskCall: Equatable {
    package var id: TaskID
    package var limit: Duration
    package var deadline: MonotonicTime?

    package init(id: TaskID, limit: Duration, deadline: MonotonicTime?) {
        self.id = id
        self.limit = limit
        self.deadline = deadline
    }

    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(deadline)
        writer.write(id.rawValue)
        writer.write(limit)
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        deadline = try reader.readDeadline()
        id = TaskID(rawValue: try reader.read())
        limit = try reader.readDuration()
        try reader.finish()
    }
}

extension TaskProgress {
    /// Events that fill one `advance`, each with its length.
    static let largestPayload = 64 + eventLimit + 4 * WireReader.mostElements

    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(done)
        writer.write(UInt32(clamping: step))
        writer.write(UInt32(clamping: of ?? 0))
        writer.write(lists: events)
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        let done = try reader.readBool()
        let step = Int(try reader.read(UInt32.self))
        let of = Int(try reader.read(UInt32.self))
        self.init(
            events: try reader.readLists(), done: done, step: step, of: of == 0 ? nil : of)
        try reader.finish()
    }
}

// MARK: - Parts

extension WireWriter {
    package mutating func write(_ deadline: MonotonicTime?) {
        write(deadline?.nanoseconds ?? 0)
    }

    package mutating func write<Integer: FixedWidthInteger>(lists: [[Integer]]) {
        write(UInt32(lists.count))
        for list in lists { write(array: list) }
    }
}

extension WireReader {
    package mutating func readDeadline() throws -> MonotonicTime? {
        let nanoseconds = try read(UInt64.self)
        return nanoseconds == 0 ? nil : MonotonicTime(nanoseconds: nanoseconds)
    }

    package mutating func readLists<Integer: FixedWidthInteger>(
        of type: Integer.Type = Integer.self
    ) throws -> [[Integer]] {
        try (0..<readCount()).reduce(into: []) { lists, _ in lists.append(try readArray()) }
    }
}
