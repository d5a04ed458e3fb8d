import FoundationEssentials
import Testing
@_spi(Testing) import Tokenizers

/// Forms KC and KD against Python's unicodedata.
@Suite struct CompatibilityFormTests {
    private struct Forms: Decodable {
        let version: String
        let forms: [String]
        /// A hash for each form of every block of 4096 code points.
        let blocks: [String: [String]]
        /// A string and its forms.
        let texts: [[String]]
    }

    private static func forms() throws -> Forms {
        let path = "\(Fixtures.own)/../unicode/forms.json"
        return try JSONDecoder().decode(Forms.self, from: Fixtures.data(path))
    }

    private static func tokenizer(_ normalizer: String) throws -> any Tokenizer & StageShowing {
        let file = """
            {"normalizer": {"type": "\(normalizer)"},
             "model": {"type": "BPE", "vocab": {"a": 0, "f": 1, "i": 2, "\u{E9}": 3}, "merges": []}}
            """
        return try Fixtures.withDirectory(["tokenizer.json": file]) {
            try #require(
                Tokenizers.load(directory: $0) as? any Tokenizer & StageShowing)
        }
    }

    /// Assigned in the reference's version, whose forms no later version changes.
    private static func isOld(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.properties.generalCategory != .unassigned, let age = scalar.properties.age
        else { return false }
        return age <= (14, 0)
    }

    @Test(arguments: [0, 1]) func everyCharacterIsAsTheReferenceHasIt(form: Int) throws {
        let forms = try Self.forms()
        let tokenizer = try Self.tokenizer(forms.forms[form])
        #expect(forms.blocks.count == 81)
        for (start, hashes) in forms.blocks {
            let first = try #require(UInt32(start, radix: 16))
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for scalar in (first..<first + 0x1000).compactMap(Unicode.Scalar.init)
            where Self.isOld(scalar) {
                for byte in tokenizer.normalized(Array(String(scalar).utf8)) + [0] {
                    hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
                }
            }
            #expect(UInt64(hashes[form], radix: 16) == hash, "U+\(start) to U+\(start) + FFF")
        }
    }

    @Test(arguments: [0, 1]) func textsAreAsTheReferenceHasThem(form: Int) throws {
        let forms = try Self.forms()
        let tokenizer = try Self.tokenizer(forms.forms[form])
        for text in forms.texts {
            let found = tokenizer.normalized(Array(text[0].utf8))
            #expect(found == Array(text[1 + form].utf8), "\(text[0].debugDescription)")
        }
    }

    @Test func offsetsArePlacesOfTheOriginal() throws {
        let encoding = try Self.tokenizer("NFKC").encode(
            "a\u{FB01}e\u{301}\u{FF46}", maxLength: nil, addSpecial: false)
        #expect(encoding.ids == [0, 1, 2, 3, 1])
        #expect(encoding.offsets == [0..<1, 1..<2, 1..<2, 2..<3, 4..<5])
    }

    @Test func bytesThatAreNoTextStay() throws {
        let text: [UInt8] = [0x61, 0xFF, 0xEF, 0xAC] + Array("\u{FB01}".utf8) + [0xC2]
        let found = try Self.tokenizer("NFKD").normalized(text)
        #expect(found == [0x61, 0xFF, 0xEF, 0xAC] + Array("fi".utf8) + [0xC2])
    }
}
