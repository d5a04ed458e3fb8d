import Glibc
import Synchronization

/// Descriptors that are never used, so that the system's libraries always find one: every second
/// libdispatch reads `/proc` to check its threads, and ends the process if it cannot.
///
/// Whatever stays open goes through `kept`, so that the host refuses with a reason while there are
/// still descriptors left.
package enum SpareFiles {
    /// For the system's libraries, and for short, uncounted file accesses.
    private static let system = 8
    /// For connections only, so that a host whose models and collections use the others can still
    /// be reached.
    private static let connections = 8

    /// Fewer files than these are left when something is refused.
    package static let count = system + connections

    /// Closes what was opened when no more than the spare files were left.
    ///
    /// - Parameter descriptor: as the system gave it.
    /// - Returns: the same, or -1 with `errno`.
    package static func kept(_ descriptor: Int32) -> Int32 {
        if descriptor < 0 || areLeft { return descriptor }
        close(descriptor)
        errno = EMFILE
        return -1
    }

    /// Opens a file as `open` does.
    package static func open(_ path: UnsafePointer<CChar>, _ flags: Int32, _ mode: UInt32 = 0)
        -> Int32
    {
        kept(Glibc.open(path, flags, mode))
    }

    /// Opens a file as `open` does, but looks first: to close it again would end the locks that the process
    /// has on it.
    package static func openLocked(
        _ path: UnsafePointer<CChar>, _ flags: Int32, _ mode: UInt32
    ) -> Int32 {
        opening.withLock { _ in
            guard areLeft(count + 1) else {
                errno = EMFILE
                return -1
            }
            return Glibc.open(path, flags, mode)
        }
    }

    private static let opening = Mutex(())

    /// Whether the spare files are left.
    package static var areLeft: Bool { areLeft(count) }

    /// Whether they are after one more connection.
    package static var allowConnection: Bool { areLeft(system + 1) }

    /// Looks from the limit down: the system gives the lowest number that is free.
    private static func areLeft(_ wanted: Int) -> Bool {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return true
        }
        var left = 0
        var number = Int32(clamping: limit.rlim_cur)
        while left < wanted, number > 0 {
            number -= 1
            if fcntl(number, F_GETFD) < 0 { left += 1 }
        }
        return left >= wanted
    }
}
