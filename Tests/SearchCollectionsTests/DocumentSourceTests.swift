import Deflate
import Foundation
import SearchCollections
import Testing

/// What is no table leaves the collection that was there; what is a compressed one is read.
@Suite(.timeLimit(.minutes(5))) struct DocumentSourceTests {
    /// `id,title`, `1,bread`, `2,tea`, as gzip wrote it.
    static let zipped = [UInt8](
        Data(
            base64Encoded: "H4sIAAAAAAACA8tM0SnJLMlJ5TLUSSpKTUzhMtIpSU3kAgD3ePDuFwAAAA==")!)

    private func expectRefusal(
        _ error: CollectionError, _ document: [UInt8], _ format: DocumentFormat?
    ) async throws {
        let test = TestStore()
        try await test.put(topics)
        await #expect(throws: error) { try await test.put(document, format) }
        #expect(try await test.store.describe("topics").count == 5)
        #expect(try await test.ids(CollectionQuery("cheese", mode: .text)) == ["5"])
        await test.remove()
    }

    private static let zeros = [UInt8](repeating: 0, count: 200)

    @Test(
        arguments: [
            (Array("%PDF-1.7\n".utf8) + zeros, "a PDF"),
            (Array("PAR1".utf8) + zeros, "a Parquet file"),
            (
                [0x50, 0x4B, 3, 4] + zeros + Array("xl/worksheets/sheet1.xml".utf8),
                "an Excel workbook (xlsx)"
            ),
            ([0x50, 0x4B, 3, 4] + zeros + Array("notes.txt".utf8), "a ZIP archive"),
            (
                [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1] + zeros,
                "an old Office file (xls, doc or ppt)"
            ),
            (Array("\n <!DOCTYPE html><html><body>1,2</body></html>".utf8), "an HTML page"),
            (Array("<html lang=en>\n<p>a,b</p>".utf8), "an HTML page"),
            (Array("<?xml version='1.0'?><rows/>".utf8), "an XML document"),
            ([0x28, 0xB5, 0x2F, 0xFD] + zeros, "a Zstandard file"),
            (Array("SQLite format 3\0".utf8) + zeros, "an SQLite database"),
            (
                (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 37) },
                "a binary file of an unknown kind"
            ),
        ] as [([UInt8], String)])
    func aFileOfAnotherKindIsNamedAndLeavesTheOldCollection(document: [UInt8], kind: String)
        async throws
    {
        for format in [.csv, .text, nil] as [DocumentFormat?] {
            try await expectRefusal(.otherFile(kind), document, format)
        }
    }

    @Test(arguments: ["PAR1,b\n1,2\n", "BZh\nx\n", "%,b\n1,2\n", "<b>,c\n1,2\n", "GGUF;x\n1;2\n"])
    func aTableIsNoFileOfAnotherKindForItsFirstWord(table: String) async throws {
        let test = TestStore()
        #expect(try await test.put(table) { $0.hasHeader = true }.count == 1)
        await test.remove()
    }

    @Test(arguments: [1, 7, 1000])
    func aGzipFileIsReadInPiecesOfAnySize(piece: Int) async throws {
        let test = TestStore()
        let document = try await test.store.beginImport("topics", ImportOptions(nil))
        for start in stride(from: 0, to: Self.zipped.count, by: piece) {
            let end = min(start + piece, Self.zipped.count)
            try await document.feed(Array(Self.zipped[start..<end]))
        }
        let put = try await document.finish()
        #expect(put.columns == ["id", "title"] && put.count == 2)
        await test.remove()
    }

    /// As `bgzip` and `cat a.gz b.gz` write them, with a tape's zeros behind.
    @Test func theMembersOfAGzipFileAreOneDocument() async throws {
        let test = TestStore()
        let put = try await test.put(Self.zipped + Self.zipped + [0, 0, 0], nil)
        // The second header is a row without an id of its own any more.
        #expect(put.count == 3 && put.refusedCount == 2)
        await test.remove()
    }

    @Test func aBodyMayBeCompressedOnItsWayAndAFileBesides() async throws {
        let test = TestStore()
        #expect(try await test.put(Self.zipped, nil) { $0.coding = .gzip }.count == 2)
        let twice = Self.stored(Self.zipped)
        #expect(try await test.put(twice, nil) { $0.coding = .gzip }.count == 2)
        try await expectRefusal(
            .otherFile("a gzip file within another"), Self.stored(twice), .csv)
        await test.remove()
    }

    @Test func compressedDataThatIsNotWholeIsRefused() async throws {
        let cut = Array(Self.zipped.dropLast(9))
        try await expectRefusal(
            .badCompression("the compressed data ends before its checksum"), cut, .csv)
        var wrong = Self.zipped
        wrong[wrong.count - 6] ^= 1
        try await expectRefusal(
            .badCompression("the compressed data is damaged: incorrect data check"), wrong, .csv)
        try await expectRefusal(
            .badCompression("something else follows the end of the compressed data"),
            Self.zipped + Array("more".utf8), .csv)
    }

    @Test(arguments: [
        ("[{\"a\": 1},\n{\"a\": 2}", 2, "the JSON array"), (#"[{"a": 1},"#, 1, "the JSON array"),
        (#"[{"a": 1}, 7"#, 1, "the JSON array"), ("[", 1, "the JSON array"),
        (#"[{"a": 1}, {"b"#, 1, "a row"), (#"{"a": 1} {"b": ["#, 1, "a row"),
    ])
    func jsonThatIsCutShortLeavesTheOldCollection(document: String, line: Int, place: String)
        async throws
    {
        try await expectRefusal(
            .cutShort(line: line, within: place), Array(document.utf8), .json)
    }

    @Test func theLimitCountsWhatComesOut() async throws {
        var options = CollectionOptions.quick
        options.largestImport = 20
        let test = TestStore(options: options)
        await #expect(throws: CollectionError.tooManyBytes(limit: 20)) {
            try await test.put(Self.zipped, nil)
        }
        await test.remove()
    }

    /// A gzip file whose one block is stored as it is: RFC 1951, section 3.2.4.
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        func little(_ value: UInt32, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
        }
        var sum: UInt32 = ~0
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0xEDB8_8320 }
        }
        let count = UInt32(bytes.count)
        return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1] + little(count, 2) + little(~count, 2)
            + bytes + little(~sum, 4) + little(count, 4)
    }
}

extension TestStore {
    @discardableResult
    fileprivate func put(
        _ bytes: [UInt8], _ format: DocumentFormat?,
        _ change: (inout ImportOptions) -> Void = { _ in }
    ) async throws -> CollectionDescription {
        var options = ImportOptions(format)
        change(&options)
        let document = try await store.beginImport("topics", options)
        try await document.feed(bytes)
        return try await document.finish()
    }
}
