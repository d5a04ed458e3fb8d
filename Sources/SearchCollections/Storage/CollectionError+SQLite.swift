import GRDB

extension CollectionError {
    init(_ error: DatabaseError) {
        // SQLite reports this for a read when a shared-memory file cannot grow.
        let isFull =
            error.resultCode == .SQLITE_FULL || error.extendedResultCode == .SQLITE_IOERR_SHMSIZE
        self =
            isFull ? .storageFull : .storage(error.message ?? error.resultCode.description)
    }

    /// Why the database at `path` cannot be opened. If the disk has no space for a file beside it,
    /// SQLite does not say so.
    init(opening path: String, _ error: any Error) {
        guard let error = error as? DatabaseError else {
            self = .cannotOpen(path: path, reason: "\(error)")
            return
        }
        let wantsFile = [.SQLITE_CANTOPEN, .SQLITE_IOERR].contains(error.resultCode)
        let isFull =
            CollectionError(error) == .storageFull || wantsFile && !Files.hasRoom(beside: path)
        self = isFull ? .storageFull : .cannotOpen(path: path, reason: "\(error)")
    }
}
