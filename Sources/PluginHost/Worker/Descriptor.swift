import CHostShims
import Glibc
import Synchronization

/// A file descriptor that is closed on deinit.
package final class Descriptor: Sendable {
    package let number: Int32

    /// - Throws: `.load` with `errno` for a negative number, and where only spare files are left.
    package init(_ number: Int32, for purpose: String) throws {
        let number = SpareFiles.kept(number)
        guard number >= 0 else { throw startFailure("cannot make \(purpose)", errno) }
        self.number = number
    }

    private init(owning number: Int32) {
        self.number = number
    }

    deinit {
        close(number)
    }

    /// Both ends of a stream socket.
    package static func socketPair() throws -> (host: Descriptor, worker: Descriptor) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw startFailure("cannot make a socket pair", errno)
        }
        let (host, worker) = try both(ends, of: "a socket pair")
        return (host, worker)
    }

    /// A pipe; reading does not block.
    package static func pipe() throws -> (read: Descriptor, write: Descriptor) {
        var ends: [Int32] = [-1, -1]
        guard roost_pipe(&ends) == 0 else { throw startFailure("cannot make a pipe", errno) }
        let (read, write) = try both(ends, of: "a pipe")
        return (read, write)
    }

    private static func both(
        _ ends: [Int32], of purpose: String
    ) throws -> (Descriptor, Descriptor) {
        let both = (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
        guard SpareFiles.areLeft else { throw startFailure("cannot make \(purpose)", EMFILE) }
        return both
    }

    /// The same with a number above those of a worker's descriptors, so that none overwrites
    /// another on the way: a duplicate, unless it already has one.
    package func moved(above limit: Int32) throws -> Descriptor {
        if number >= limit { return self }
        return try Descriptor(fcntl(number, F_DUPFD_CLOEXEC, limit), for: "a descriptor")
    }
}

package func startFailure(_ what: String, _ code: Int32) -> ModelFailure {
    .load(stage: .start, reason: "\(what): \(systemText(code))")
}

/// What an `errno` says.
///
/// - Parameter remedy: where the files that may be open are not what is lacking.
func systemText(_ code: Int32, remedy: String? = nil) -> String {
    let remedy = code == EMFILE ? "unload models, or raise the limit with ulimit -n" : remedy
    return String(cString: strerror(code)) + (remedy.map { "; \($0)" } ?? "")
}

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
