import GRDB

extension CollectionError {
    init(_ error: DatabaseError) {
        // A file of shared memory that cannot grow is how SQLite says it of a read.
        let isFull =
            error.resultCode == .SQLITE_FULL || error.extendedResultCode == .SQLITE_IOERR_SHMSIZE
        self =
            isFull ? .storageFull : .storage(error.message ?? error.resultCode.description)
    }

    /// Whether room on the disk may help.
    static func isOfStorage(_ error: any Error) -> Bool {
        switch error {
        case CollectionError.storage, CollectionError.storageFull, CollectionError.cannotOpen: true
        default: false
        }
    }
}
