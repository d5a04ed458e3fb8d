import CHostShims
import Glibc

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
