/// What kind of file this is, by its first bytes, if it holds no rows that can be read here.
enum FileKind {
    /// How many bytes suffice.
    static let sample = 4096

    /// - Returns: the kind with its article, as `a PDF`; nil for what may be text.
    static func name(_ bytes: [UInt8]) -> String? {
        if let known = signatures.first(where: { bytes.starts(with: $0.bytes) }) {
            return known.name
        }
        let words = wordSignatures.first { bytes.starts(with: $0.text.utf8) }
        if let words, bytes.contains(0) { return words.name }
        if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return archive(bytes) }
        if bytes.dropFirst(257).starts(with: "ustar".utf8) { return "a tar archive" }
        return markup(bytes) ?? (isBinary(bytes) ? "a binary file of an unknown kind" : nil)
    }

    private static let signatures: [(bytes: [UInt8], name: String)] = [
        (Array("%PDF-".utf8), "a PDF"),
        (Array("ORC".utf8) + [0x08], "an ORC file"),
        (Array("Obj".utf8) + [0x01], "an Avro file"),
        (Array("SQLite format 3".utf8) + [0], "an SQLite database"),
        (Array("{\\rtf".utf8), "an RTF document"),
        ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "an old Office file (xls, doc or ppt)"),
        ([0x89, 0x48, 0x44, 0x46], "an HDF5 file"),
        ([0x93] + Array("NUMPY".utf8), "a NumPy array"),
        ([0x1F, 0x8B], "a gzip file within another"),
        ([0x28, 0xB5, 0x2F, 0xFD], "a Zstandard file"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "an xz file"),
        ([0x04, 0x22, 0x4D, 0x18], "an LZ4 file"),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive"),
        (Array("Rar!".utf8) + [0x1A, 0x07], "a RAR archive"),
        ([0x50, 0x4B, 0x05, 0x06], "an empty ZIP archive"),
        ([0x89, 0x50, 0x4E, 0x47], "a PNG image"),
        ([0xFF, 0xD8, 0xFF], "a JPEG image"),
        ([0x7F, 0x45, 0x4C, 0x46], "a program or library"),
    ]

    /// Signatures that may also be a column's name, unless a zero byte follows.
    private static let wordSignatures: [(text: String, name: String)] = [
        ("PAR1", "a Parquet file"), ("ARROW1", "an Arrow file"), ("FEA1", "a Feather file"),
        ("BZh", "a bzip2 file"), ("GIF8", "a GIF image"), ("GGUF", "a GGUF model"),
    ]

    /// The content of a ZIP archive: Office formats are recognized by their first files.
    private static func archive(_ bytes: [UInt8]) -> String {
        func holds(_ name: String) -> Bool { bytes.contains(name) }
        if holds("opendocument.spreadsheet") { return "an OpenDocument spreadsheet (ods)" }
        if holds("opendocument") { return "an OpenDocument file" }
        if holds("xl/") { return "an Excel workbook (xlsx)" }
        if holds("word/") { return "a Word document (docx)" }
        if holds("ppt/") { return "a PowerPoint presentation (pptx)" }
        if holds("[Content_Types].xml") { return "an Office document (xlsx, docx or pptx)" }
        return "a ZIP archive"
    }

    private static func markup(_ bytes: [UInt8]) -> String? {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let body = bytes.dropFirst(bytes.starts(with: mark) ? mark.count : 0)
            .drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let start = String(decoding: body.prefix(16), as: UTF8.self).lowercased()
        if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") { return "an HTML page" }
        return start.hasPrefix("<?xml") ? "an XML document" : nil
    }

    /// Text has hardly any control characters; UTF-16 has zeros, but only on one side.
    private static func isBinary(_ bytes: [UInt8]) -> Bool {
        let sample = bytes.prefix(sample)
        guard sample.count >= 64, !Transcoder.isUTF16(sample) else { return false }
        let controls = sample.count { ($0 < 0x20 && !(0x09...0x0D).contains($0)) || $0 == 0x7F }
        return controls * 20 > sample.count
    }
}

extension [UInt8] {
    fileprivate func contains(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard count >= wanted.count else { return false }
        return (0...count - wanted.count).contains { self[$0...].starts(with: wanted) }
    }
}
