import Foundation
import TensorRuntime
import Testing

/// Models in several GGUF files.
@Suite struct GGUFPartsTests {
    /// Part `number` of `count`, with vectors of one element.
    private static func part(
        _ number: Int, of count: Int, _ vectors: [(String, Float)], promised: Int? = nil,
        alignment: Int = 32
    ) -> [UInt8] {
        var builder = GGUFBuilder()
        builder.alignment = alignment
        builder.add("general.alignment", 4, GGUFBuilder.bytes(UInt32(alignment)))
        builder.add("split.no", 2, GGUFBuilder.bytes(UInt16(number - 1)))
        builder.add("split.count", 2, GGUFBuilder.bytes(UInt16(count)))
        if let promised {
            builder.add("split.tensors.count", 5, GGUFBuilder.bytes(Int32(promised)))
        }
        if number == 1 { builder.add("general.name", 8, GGUFBuilder.string("parts")) }
        for (name, value) in vectors {
            builder.add(name, shape: [1], type: 0, bytes: GGUFBuilder.floats([value]))
        }
        return builder.file
    }

    private static func name(_ part: Int, of count: Int) -> String {
        String(format: "big-%05d-of-%05d.gguf", part, count)
    }

    private static let sound = [
        part(1, of: 3, [("a", 1)], promised: 4),
        part(2, of: 3, [("b", 2), ("c", 3)], alignment: 64),
        part(3, of: 3, [("d", 4)]),
    ]

    private func folder(_ parts: [Int: [UInt8]], of count: Int = 3) throws -> Scratch {
        let scratch = try Scratch()
        for (part, bytes) in parts { _ = try scratch.file(Self.name(part, of: count), bytes) }
        return scratch
    }

    private func refusal(_ parts: [Int: [UInt8]], opening part: Int = 1) throws -> String {
        let scratch = try folder(parts)
        let path = scratch.folder.path + "/" + Self.name(part, of: 3)
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(path) }
        return error?.description ?? ""
    }

    @Test(arguments: [1, 2, 3])
    func everyPartOpensTheWholeModel(part: Int) throws {
        let scratch = try folder([1: Self.sound[0], 2: Self.sound[1], 3: Self.sound[2]])
        let checkpoint = try Checkpoint.open(
            scratch.folder.path + "/" + Self.name(part, of: 3))
        let values = try checkpoint.tensors.mapValues { try $0.read().floats }
        #expect(values == ["a": [1], "b": [2], "c": [3], "d": [4]])
        guard case .gguf(let metadata) = checkpoint.metadata else {
            Issue.record("not GGUF")
            return
        }
        #expect(try metadata.string("general.name") == "parts")
    }

    @Test func aFolderOfOneModelInPartsIsThatModel() throws {
        let scratch = try folder([1: Self.sound[0], 2: Self.sound[1], 3: Self.sound[2]])
        _ = try scratch.file("mmproj-model.gguf", [])
        #expect(try Checkpoint.open(scratch.folder.path).tensors.count == 4)
    }

    @Test func aMissingPartIsNamed() throws {
        let found = try refusal([1: Self.sound[0], 3: Self.sound[2]])
        #expect(found.contains("part 2 of 3 is missing: there is no "))
        #expect(found.hasSuffix("big-00002-of-00003.gguf"))
        #expect(try refusal([3: Self.sound[2]], opening: 3).contains("part 1 of 3 is missing"))
    }

    @Test func aPartOfAnotherModelIsNamed() throws {
        let other = try refusal([1: Self.sound[0], 2: Self.sound[2], 3: Self.sound[1]])
        #expect(other.contains("big-00002-of-00003.gguf: is part 3 of 3"))
        #expect(other.contains("expected part 2 of 3"))
        let whole = Self.part(1, of: 1, [("b", 2)])
        #expect(
            try refusal([1: Self.sound[0], 2: whole, 3: Self.sound[2]])
                .contains("is no part of a split GGUF file, expected part 2 of 3"))
    }

    @Test func aTensorInTwoPartsAndOneInNoneAreErrors() throws {
        let twice = Self.part(2, of: 3, [("a", 2), ("c", 3)])
        #expect(
            try refusal([1: Self.sound[0], 2: twice, 3: Self.sound[2]])
                .contains("the tensor 'a' appears twice"))
        let fewer = Self.part(2, of: 3, [("b", 2)])
        #expect(
            try refusal([1: Self.sound[0], 2: fewer, 3: Self.sound[2]])
                .contains("promises 4 tensors in all parts, there are 3"))
    }

    @Test func aPartUnderAnotherNameSaysWhichItNeeds() throws {
        let scratch = try Scratch()
        let path = try scratch.file("renamed.gguf", Self.sound[1])
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(path) }
        #expect(error?.description.contains("'NAME-00002-of-00003.gguf'") == true)
    }

    @Test func aPartNumberThatCannotBeIsAnError() throws {
        for (part, count) in [(4, 3), (1, 65535)] {
            let bytes = Self.part(part, of: count, [("a", 1)])
            #expect(throws: CheckpointError.self) {
                let scratch = try Scratch()
                _ = try Checkpoint.open(try scratch.file(Self.name(1, of: 3), bytes))
            }
        }
    }
}
