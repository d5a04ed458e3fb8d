/// Why an operation on a collection fails.
package enum CollectionError: Error, Equatable {
    // What was asked for.
    case invalidName(String)
    case unknownCollection(String, known: [String])
    case unknownDocument(id: String, collection: String)
    case unknownColumn(String, parameter: String, known: [String])
    case invalidFilter(path: String, String)
    case invalidQuery(parameter: String, String)
    case invalidRow(String)
    // What was sent.
    case tooManyColumns(Int, limit: Int)
    case notRows
    case textAfterArray(line: Int)
    /// JSON that ends before its brackets close.
    case cutShort(line: Int, within: String)
    case noRows(refused: [RefusedRow])
    /// The size of the part of the document that was read without reaching the end of a row.
    case noRowWithin(bytes: Int, expected: Int)
    case tooManyBytes(limit: Int)
    /// A file that holds no rows, with its article: `a PDF`.
    case otherFile(String)
    case badCompression(String)
    // How the collection is.
    case noVectors(collection: String, reason: String)
    case otherModel(collection: String, model: String, embedded: Int, count: Int)
    case replaced(String)
    case closed
    // What is kept.
    case folderInUse(String)
    case cannotOpen(path: String, reason: String)
    case storage(String)
    case storageFull
}

extension CollectionError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidName(let name): Self.invalidNameText(name)
        case .unknownCollection(let name, let known):
            "there is no collection '\(name.prefix(128))', \(Self.list(known, none: "there is none; put one with PUT /v1/collections/NAME"))"
        case .unknownDocument(let id, let collection):
            "collection '\(collection)' has no row '\(id.prefix(128))'"
        case .unknownColumn(let column, _, let known):
            "there is no column '\(column.prefix(128))', \(Self.list(known, none: "there are no columns"))"
        case .invalidFilter(let path, let reason):
            "the filter is wrong at \(path): \(reason)"
        case .invalidQuery(_, let reason), .invalidRow(let reason): reason
        case .tooManyColumns(let count, let limit):
            "found \(count) columns, expected up to \(limit)"
        case .notRows:
            "the body is neither a JSON array of objects nor objects one after the other"
        case .textAfterArray(let line): "line \(line): text follows the end of the JSON array"
        case .cutShort(let line, let place):
            "line \(line): the document ends within \(place), expected its closing bracket; was it cut short?"
        case .noRows(let refused): Self.noRowsText(refused)
        case .noRowWithin(let bytes, let expected):
            "the document goes on for \(bytes) bytes without the end of a row, expected rows of up to \(expected) bytes"
        case .tooManyBytes(let limit): "the document is larger than \(limit) bytes"
        case .noVectors(let collection, let reason):
            "collection '\(collection)' has no vectors to search: \(reason); ask with mode \"text\""
        case .otherModel(let collection, let model, let embedded, let count):
            "model '\(model)' has other weights now than when collection '\(collection)' was embedded; "
                + "\(embedded) of \(count) rows are embedded anew; ask with mode \"text\" until then"
        case .replaced(let name):
            "collection '\(name)' was replaced while rows were added to it; add them to the new one"
        case .closed: "the collections are closed: the host is stopping"
        case .folderInUse(let folder):
            "another host works with the collections in \(folder); give this one another `data` under [server], or stop the other"
        case .cannotOpen(let path, let reason): "cannot open \(path): \(reason)"
        case .storage(let reason): "the collection's database failed: \(reason)"
        case .storageFull:
            "the disk is full; delete rows or collections that nobody needs, or make room on it, and try again"
        case .otherFile(let kind): "this is \(kind); expected CSV, JSON Lines, JSON or text"
        case .badCompression(let reason): reason
        }
    }

    /// The description without paths of this machine, which clients must not see.
    package var publicDescription: String {
        switch self {
        case .folderInUse:
            "another host works with the collections of this one; the log says where"
        case .cannotOpen: "the collection's files cannot be opened; the log says which and why"
        default: description
        }
    }

    private static func invalidNameText(_ name: String) -> String {
        "'\(name.prefix(128))' is no name of a collection, expected \(CollectionName.rule)"
    }

    private static func list(_ names: [String], none: String) -> String {
        if names.isEmpty { return none }
        let shown = names.prefix(20).map { "'\($0.prefix(128))'" }.joined(separator: ", ")
        return "only " + shown + (names.count > 20 ? ", …" : "")
    }

    private static func noRowsText(_ refused: [RefusedRow]) -> String {
        guard let first = refused.first else { return "the document has no rows" }
        return "none of the \(refused.count) rows can be read; line \(first.line): \(first.message)"
    }
}

/// What a collection may be called.
package enum CollectionName {
    package static let rule =
        "1 to 128 letters, digits and . _ : -, a letter or digit first"

    /// - Throws: `CollectionError.invalidName`.
    package static func check(_ name: String) throws(CollectionError) {
        let isRight =
            (1...128).contains(name.count) && name.utf8.count <= 512
            && name.allSatisfy { isWord($0) || "._:-".contains($0) }
            && name.first.map(isWord) == true
        guard isRight else { throw .invalidName(name) }
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber
    }
}
