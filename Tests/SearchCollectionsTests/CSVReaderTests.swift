import JSON
import SearchCollections
import Testing

@Suite struct CSVReaderTests {
    /// Reads a document in pieces of a size.
    private func read(
        _ bytes: [UInt8], _ format: DocumentFormat = .csv, piece: Int = .max,
        header: Bool? = nil, expecting: [String] = [], limits: ReadLimits = ReadLimits()
    ) throws -> ReadRows {
        var reader = DocumentReader(
            format, expecting: expecting, hasHeader: header, limits: limits)
        var rows = ReadRows()
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + min(piece, bytes.count))
            try reader.read(Array(bytes[start..<end]), into: &rows)
            start = end
        }
        try reader.finish(into: &rows)
        return rows
    }

    private func read(_ text: String, header: Bool? = nil) throws -> ReadRows {
        try read(Array(text.utf8), header: header)
    }

    private func cells(_ rows: ReadRows) -> [[String]] {
        rows.rows.map { $0.values.map { $0.string ?? "?" } }
    }

    @Test func quotesHoldSeparatorsLineEndsAndDoubledQuotes() throws {
        let rows = try read("a,b\n\"x, y\",\"he said \"\"no\"\"\r\nand left\"\n\"\",z\n")
        #expect(cells(rows) == [["x, y", "he said \"no\"\r\nand left"], ["", "z"]])
        #expect(rows.rows.map(\.line) == [2, 4])
        #expect(rows.refused.isEmpty)
    }

    @Test(arguments: [",", ";", "\t", "|"])
    func theSeparatorIsFound(separator: String) throws {
        let lines = ["name,remark", "one,with: some text", "two,more text", "three,\"quoted\""]
        let text = lines.map { $0.replacing(",", with: separator) }.joined(separator: "\n")
        let rows = try read(text)
        #expect(rows.rows.first?.columns.names == ["name", "remark"])
        #expect(cells(rows).last == ["three", "quoted"])
    }

    @Test func commasWithinFieldsDoNotMisleadASemicolonFile() throws {
        let rows = try read("name;text\na;one, two, three\nb;four, five\nc;six\n")
        #expect(cells(rows) == [["a", "one, two, three"], ["b", "four, five"], ["c", "six"]])
    }

    @Test(arguments: ["\n", "\r", "\r\n"])
    func everyLineEndCountsOneLine(end: String) throws {
        let rows = try read(["a,b", "1,2", "", "3", "4,5"].joined(separator: end))
        #expect(cells(rows) == [["1", "2"], ["3", ""], ["4", "5"]])
        #expect(rows.rows.map(\.line) == [2, 4, 5])
        #expect(rows.refused.isEmpty)
    }

    @Test func emptyCellsAtTheEndOfARowMayBeLeftOutOrTooMany() throws {
        let rows = try read("a,b,c\n1\n2,x\n3,y,z,,\n4,,z\n5,y,z,w\n")
        #expect(
            cells(rows) == [["1", "", ""], ["2", "x", ""], ["3", "y", "z"], ["4", "", "z"]])
        #expect(rows.refused == [RefusedRow(line: 6, message: "the row has 4 fields, expected 3")])
    }

    /// Each quote, and each piece between two of them, is looked at once.
    @Test(
        .timeLimit(.minutes(2)), arguments: ["", "\n"], ["\"\"", "\"\"x", "\"\"\n"])
    func veryManyQuotesAreReadInOneGo(start: String, unit: String) throws {
        let cell = start + String(repeating: unit, count: (6 << 20) / unit.utf8.count)
        let rows = try read(Array("a,b\n1,\"\(cell)\"\n2,y\n".utf8), piece: 64 << 10)
        #expect(rows.rows.count == 2 && rows.refused.isEmpty)
        #expect(rows.rows[0].values[1].string == cell.replacing("\"\"", with: "\""))
    }

    @Test func aHeaderIsToldFromAFirstRow() throws {
        #expect(try read("id,title\n1,a\n").rows.first?.columns.names == ["id", "title"])
        #expect(try read("1,a\n2,b\n").rows.count == 2)
        #expect(try read("1,a\n2,b\n").rows.first?.columns.names == ["column1", "column2"])
        #expect(try read("name,2024\nx,y", header: true).rows.count == 1)
        #expect(try read("a,b\nc,d", header: false).rows.count == 2)
    }

    @Test func columnsWithoutANameOrWithOneTwiceGetOne() throws {
        let rows = try read(",name,name,name_2\n1,2,3,4\n")
        #expect(rows.rows[0].columns.names == ["column1", "name", "name_2", "name_2_2"])
    }

    @Test func aMarkAndExcelsFirstLineAreNoData() throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        #expect(try read(mark + Array("id,t\n1,x".utf8)).rows[0].columns.names == ["id", "t"])
        #expect(try cells(read("sep=|\r\na|b\r\nx,y|z\r\n")) == [["x,y", "z"]])
    }

    @Test func anUnclosedQuoteCostsOneRow() throws {
        let rows = try read("a,b\n1,\"open\n2,x\n3,y\n")
        #expect(cells(rows) == [["2", "x"], ["3", "y"]])
        #expect(rows.rows.map(\.line) == [3, 4])
        #expect(
            rows.refused == [RefusedRow(line: 2, message: "the quote of field 2 does not close")])
    }

    @Test(arguments: ["\n", "\r", "\r\n"])
    func anUnclosedQuoteKeepsTheCountOfLines(end: String) throws {
        let rows = try read(["a,b", "1,\"open", "2,x", "3", "4,y"].joined(separator: end))
        #expect(rows.rows.map(\.line) == [3, 4, 5])
        #expect(rows.refused.map(\.line) == [2])
    }

    @Test func textBehindAQuoteIsRefusedWithItsLine() throws {
        let rows = try read("a,b\n\"x\"y,1\nz,2\n")
        #expect(cells(rows) == [["z", "2"]])
        #expect(rows.refused.first?.line == 2)
        #expect(rows.refused.first?.message.contains("follows the closing quote") == true)
    }

    @Test func aQuoteWithinAPlainFieldIsItself() throws {
        #expect(try cells(read("a,b\n5\" pipe,x\n")) == [["5\" pipe", "x"]])
    }

    @Test func aFieldBeyondTheLimitIsRefusedAndTheRestGoesIn() throws {
        var limits = ReadLimits()
        limits.row = 1000
        let huge = String(repeating: "x", count: 5000)
        for field in [huge, "\"\(huge)\"", "\"\(huge)\n\(huge)\""] {
            let rows = try read(Array("a,b\n1,\(field)\n2,y\n".utf8), limits: limits)
            #expect(cells(rows) == [["2", "y"]])
            #expect(rows.refused.first?.line == 2)
        }
    }

    @Test func bytesThatAreNoTextAreRefusedInTheirRow() throws {
        let good = String(repeating: "ü,é\n", count: 50)
        let rows = try read(Array("a,b\n\(good)".utf8) + [0x78, 0xFF, 0x2C, 0x79, 0x0A])
        #expect(rows.rows.count == 50)
        #expect(rows.refused == [RefusedRow(line: 52, message: "'a' is not UTF-8")])
    }

    @Test func zeroBytesStayWhatTheyAre() throws {
        let rows = try read("a,b\nx\0y,z\n")
        #expect(cells(rows) == [["x\0y", "z"]])
    }

    @Test func tooManyColumnsAreAnErrorOfTheDocument() throws {
        let header = (0..<100_000).map { "c\($0)" }.joined(separator: ",")
        #expect(throws: CollectionError.tooManyColumns(100_000, limit: 1000)) {
            try read(header + "\n1,2\n")
        }
    }

    /// The parser and the decoder have a state between any two bytes.
    @Test(arguments: [1, 2, 3, 7, 64])
    func theSizeOfThePiecesDoesNotMatter(piece: Int) throws {
        let lines = [
            "name;größe", "a;\"x\r\ny\"", "\"q\"\"q\";2", "b;\"open", "c;3", "", "d;4;5", "ü;é",
        ]
        let text = lines.joined(separator: "\r\n")
        for bytes in [Array(text.utf8), Self.utf16(text, isBigEndian: false), Self.latin(text)] {
            let whole = try read(bytes)
            let pieces = try read(bytes, piece: piece)
            #expect(cells(pieces) == cells(whole) && pieces.refused == whole.refused)
            #expect(pieces.rows.map(\.line) == whole.rows.map(\.line))
            #expect(cells(whole).last == ["ü", "é"])
        }
    }

    @Test(arguments: [true, false])
    func utf16IsReadWithAndWithoutAMark(isBigEndian: Bool) throws {
        let text = "name,größe\nTürme,10 €\n😀,klein\n"
        let bytes = Self.utf16(text, isBigEndian: isBigEndian)
        let mark: [UInt8] = isBigEndian ? [0xFE, 0xFF] : [0xFF, 0xFE]
        for document in [bytes, mark + bytes] {
            let rows = try read(document)
            #expect(rows.rows.first?.columns.names == ["name", "größe"])
            #expect(cells(rows) == [["Türme", "10 €"], ["😀", "klein"]])
        }
    }

    @Test func windows1252IsFoundEvenBehindALotOfASCII() throws {
        let plain = String(repeating: "plain,text\n", count: 20_000)
        let rows = try read(Array("a,b\n\(plain)".utf8) + [0xFC, 0x2C, 0x80, 0x0A])
        #expect(cells(rows).last == ["ü", "€"])
        #expect(rows.rows.count == 20_001)
    }

    private static func utf16(_ text: String, isBigEndian: Bool) -> [UInt8] {
        text.utf16.flatMap { unit -> [UInt8] in
            let (high, low) = (UInt8(unit >> 8), UInt8(unit & 255))
            return isBigEndian ? [high, low] : [low, high]
        }
    }

    private static func latin(_ text: String) -> [UInt8] {
        text.unicodeScalars.map { UInt8($0.value) }
    }

    // MARK: Other formats

    @Test func aLineOfJSONIsARow() throws {
        let text = """
            {"id": 1, "title": "a", "tags": ["x"]}
            "only text"

            {"id": 2,
            [1]
            {"id": 3, "title": null}
            """
        let rows = try read(Array(text.utf8), .jsonLines)
        #expect(rows.rows.map(\.line) == [1, 2, 6])
        #expect(rows.rows[0].values == [1, "a", ["x"]])
        #expect(rows.rows[1].columns.names == ["text"])
        #expect(rows.refused.map(\.line) == [4, 5])
        #expect(rows.refused.last?.message == "the row is an array, expected an object")
    }

    @Test(arguments: [1, 5, 1000])
    func theElementsOfAJSONArrayAreRows(piece: Int) throws {
        let text = #"""
            [ {"a": "]}\"", "b": {"c": [1, 2]}},
              {"a": tru},
              "text", 5,
              {"a": 2}
            ]
            """#
        let rows = try read(Array(text.utf8), .json, piece: piece)
        #expect(rows.rows.map(\.line) == [1, 3, 4])
        #expect(rows.rows[0].values == ["]}\"", ["c": [1, 2]]])
        #expect(rows.refused.map(\.line) == [2, 3])
    }

    @Test func oneObjectIsOneRowAndNoObjectIsAnError() throws {
        #expect(try read(Array(#"{"a": 1}"#.utf8), .json).rows.count == 1)
        #expect(throws: CollectionError.notRows) { try read(Array("7".utf8), .json) }
        #expect(throws: CollectionError.textAfterArray(line: 2)) {
            try read(Array("[{\"a\":1}]\nx".utf8), .json)
        }
    }

    @Test(arguments: [DocumentFormat.csv, .json, .jsonLines, .text])
    func aDocumentThatGoesOnWithoutTheEndOfARowIsRefused(format: DocumentFormat) throws {
        var limits = ReadLimits()
        (limits.row, limits.withoutRow) = (1000, 200_000)
        let line = [UInt8](repeating: UInt8(ascii: "["), count: 150_000)
        let refusal = CollectionError.noRowWithin(bytes: 200_000, expected: 1000)
        #expect(throws: refusal) {
            try read(line + line, format, piece: 4096, header: false, limits: limits)
        }
        guard format != .json else { return }
        // Rows that are refused for their length are rows.
        let end = Array("\n".utf8)
        let rows = try read(
            line + end + line + end, format, piece: 4096, header: false, limits: limits)
        #expect(rows.refused.map(\.line) == [1, 2])
    }

    @Test func everyLineOfPlainTextIsARow() throws {
        let rows = try read(Array("one\r\n\n  \ntwo, \"x\"\rthree".utf8), .text)
        #expect(cells(rows) == [["one"], ["two, \"x\""], ["three"]])
        #expect(rows.rows.map(\.line) == [1, 4, 5])
    }
}
