import GRDBSQLite
package import PluginHost

extension SpareFiles {
    /// Makes SQLite leave them free too, in everything it opens. Call it before SQLite opens
    /// anything.
    package static func keepFromSQLite() {
        let open: @convention(c) (UnsafePointer<CChar>, Int32, Int32) -> Int32 = {
            SpareFiles.openLocked($0, $1, numericCast($2))
        }
        guard let system = sqlite3_vfs_find(nil) else { return }
        _ = system.pointee.xSetSystemCall(
            system, "open", unsafeBitCast(open, to: sqlite3_syscall_ptr.self))
    }
}
