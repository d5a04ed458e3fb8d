/// The first words of a worker's conversation.
package struct Hello: Equatable {
    /// Grows with every change of a message.
    package static let protocolVersion: UInt32 = 4

    package var version = Hello.protocolVersion
    package var toolchain = ABI.toolchain
    /// The process that says it.
    package var process: Int32

    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(version)
        writer.write(toolchain)
        writer.write(process)
        return writer.bytes
    }

    package init(process: Int32) {
        self.process = process
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        version = try reader.read()
        guard version == Self.protocolVersion else {
            throw WireError.value(
                "the other side speaks worker protocol \(version), this one \(Self.protocolVersion); "
                    + "host and worker must be the same build")
        }
        toolchain = try reader.readString()
        process = try reader.read()
        try reader.finish()
        guard toolchain == ABI.toolchain else {
            throw WireError.value(
                "the other side was built with \(toolchain), this one with "
                    + "\(ABI.toolchain); host and worker must be the same build")
        }
    }
}

extension OpenRequest {
    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(path)
        writer.write(configJSON)
        writer.write(Int64(sequences))
        writer.write(Int64(contextLength))
        writer.write(Int64(batchSize))
        writer.write(budgetBytes)
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        self.init(path: try reader.readString())
        configJSON = try reader.readString()
        sequences = Int(try reader.read(Int64.self))
        contextLength = Int(try reader.read(Int64.self))
        batchSize = Int(try reader.read(Int64.self))
        budgetBytes = try reader.read()
        try reader.finish()
    }
}

extension PluginIdentity {
    package var payload: [UInt8] {
        var writer = WireWriter()
        for text in [id, version, license, toolchain, families.joined(separator: ",")] {
            writer.write(text)
        }
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        id = try reader.readString()
        version = try reader.readString()
        license = try reader.readString()
        toolchain = try reader.readString()
        families = Self.families(try reader.readString())
        try reader.finish()
    }
}

extension Probe {
    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(Int32(score))
        writer.write(family)
        writer.write(bytesHost)
        writer.write(bytesPerContext)
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        score = Int(try reader.read(Int32.self))
        family = try reader.readString()
        bytesHost = try reader.read()
        bytesPerContext = try reader.read()
        try reader.finish()
        guard (0...Int(ABI.bestScore)).contains(score) else {
            throw WireError.value("score \(score) of a probe")
        }
    }
}

package struct TokenizeCall: Equatable {
    package var text: String
    package var addSpecial: Bool
    package var parseSpecial: Bool
    /// The bytes of a mixed text that hold no control tokens; nil for a text that one hand wrote.
    package var plain: [Range<Int>]?

    package init(text: String, addSpecial: Bool, parseSpecial: Bool) {
        self.text = text
        self.addSpecial = addSpecial
        self.parseSpecial = parseSpecial
    }

    package init(mixed text: String, plain: [Range<Int>]) {
        self.init(text: text, addSpecial: false, parseSpecial: true)
        self.plain = plain
    }

    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(addSpecial)
        writer.write(parseSpecial)
        writer.write(text)
        writer.write(optional: plain) { writer, plain in
            writer.write(array: plain.flatMap { [Int64($0.lowerBound), Int64($0.upperBound)] })
        }
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        addSpecial = try reader.readBool()
        parseSpecial = try reader.readBool()
        text = try reader.readString()
        plain = try reader.readOptional { try Self.ranges(try $0.readArray(of: Int64.self)) }
        try reader.finish()
    }

    private static func ranges(_ bounds: [Int64]) throws -> [Range<Int>] {
        guard bounds.count % 2 == 0, zip(bounds, bounds.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            throw WireError.value("ranges of a text that do not ascend")
        }
        return stride(from: 0, to: bounds.count, by: 2).map {
            Int(bounds[$0])..<Int(bounds[$0 + 1])
        }
    }
}

package struct ForwardCall: Equatable {
    package var batch: Batch
    package var deadline: MonotonicTime?

    package init(batch: Batch, deadline: MonotonicTime?) {
        self.batch = batch
        self.deadline = deadline
    }

    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(deadline)
        writer.write(array: batch.tokens)
        writer.write(array: batch.sequences)
        writer.write(array: batch.positions)
        writer.write(batch.wants.map { $0 ? 1 : 0 })
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        deadline = try reader.readDeadline()
        batch = Batch()
        batch.tokens = try reader.readArray()
        batch.sequences = try reader.readArray()
        batch.positions = try reader.readArray()
        batch.wants = try reader.readBytes().map { $0 != 0 }
        try reader.finish()
    }
}

package struct EncodeCall: Equatable {
    package var source: [Int32]
    package var sequence: Int
    package var deadline: MonotonicTime?

    package init(source: [Int32], sequence: Int, deadline: MonotonicTime?) {
        self.source = source
        self.sequence = sequence
        self.deadline = deadline
    }

    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(deadline)
        writer.write(Int64(sequence))
        writer.write(array: source)
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        deadline = try reader.readDeadline()
        sequence = Int(try reader.read(Int64.self))
        source = try reader.readArray()
        try reader.finish()
    }
}

/// The numbers of a call on sequences: sequence, other sequence, length.
package struct SequenceCall: Equatable {
    package var sequence: Int
    package var other = 0
    package var length = 0

    package init(_ sequence: Int, other: Int = 0, length: Int = 0) {
        self.sequence = sequence
        self.other = other
        self.length = length
    }

    package var payload: [UInt8] {
        var writer = WireWriter()
        for number in [sequence, other, length] { writer.write(Int64(number)) }
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        sequence = Int(try reader.read(Int64.self))
        other = Int(try reader.read(Int64.self))
        length = Int(try reader.read(Int64.self))
        try reader.finish()
    }
}

/// A payload that is one text.
package struct Text: Equatable {
    package var value: String

    package init(_ value: String) {
        self.value = value
    }

    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(value)
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        value = try reader.readString()
        try reader.finish()
    }
}

/// A payload that is one number.
package struct Number: Equatable {
    package var value: Int64

    package init(_ value: Int) {
        self.value = Int64(value)
    }

    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(value)
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        value = try reader.read()
        try reader.finish()
    }
}
