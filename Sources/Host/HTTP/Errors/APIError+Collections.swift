import SearchCollections

extension APIError {
    init(_ error: CollectionError) {
        let text = String(describing: error)
        switch error {
        case .invalidName:
            self = .invalid(param: "name", "is none, expected \(CollectionName.rule)")
        case .unknownCollection, .unknownDocument: self = .unknown(text)
        case .unknownColumn(_, let parameter, _):
            self = .invalid(param: parameter, "is wrong: \(text)")
        case .invalidFilter: self = .invalid(param: "filter", "is refused: \(text)")
        case .invalidQuery(let parameter, let reason): self = .invalid(param: parameter, reason)
        case .invalidRow, .tooManyColumns, .notRows, .textAfterArray, .cutShort, .noRows,
            .noRowWithin, .badCompression:
            self = .refused(text)
        case .otherFile: self = .unsupportedMediaType(text)
        case .tooManyBytes(let limit): self = .bodyTooLarge(limit: limit)
        case .noVectors, .otherModel, .replaced: self = .conflict(text)
        case .closed: self = .stopping
        case .storageFull: self = .storageFull(text)
        case .folderInUse, .cannotOpen, .storage: self = .storageFailed(error.publicDescription)
        }
    }
}
