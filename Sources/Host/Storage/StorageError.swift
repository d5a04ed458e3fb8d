/// Why something could not be kept or found again.
package enum StorageError: Error, Equatable {
    case cannotOpen(path: String, reason: String)
    case failed(String)
}

extension StorageError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotOpen(let path, let reason): "cannot open the database \(path): \(reason)"
        case .failed(let reason): "the database failed: \(reason)"
        }
    }
}
