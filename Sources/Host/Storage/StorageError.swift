/// Why something could not be stored or read.
package enum StorageError: Error, Equatable {
    case cannotOpen(path: String, reason: String)
    case failed(String)
    case full
}

extension StorageError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotOpen(let path, let reason): "cannot open the database \(path): \(reason)"
        case .failed(let reason): "the database failed: \(reason)"
        case .full:
            "the disk is full; delete conversations or collections that nobody needs, or make room on it, and try again"
        }
    }

    /// The description without paths of this machine, which clients must not see.
    package var publicDescription: String {
        switch self {
        case .cannotOpen: "the database cannot be opened; the log says which and why"
        default: description
        }
    }
}
