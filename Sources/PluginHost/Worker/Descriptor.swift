import CHostShims
import Glibc

/// A file descriptor that is closed when it goes.
package final class Descriptor: Sendable {
    package let number: Int32

    /// - Throws: `.load` with `errno` for a negative number.
    package init(_ number: Int32, for purpose: String) throws {
        guard number >= 0 else { throw startFailure("cannot make \(purpose)", errno) }
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
        return (
            try Descriptor(ends[0], for: "a socket"), try Descriptor(ends[1], for: "a socket")
        )
    }

    /// A pipe; reading does not block.
    package static func pipe() throws -> (read: Descriptor, write: Descriptor) {
        var ends: [Int32] = [-1, -1]
        guard roost_pipe(&ends) == 0 else { throw startFailure("cannot make a pipe", errno) }
        return (try Descriptor(ends[0], for: "a pipe"), try Descriptor(ends[1], for: "a pipe"))
    }

    /// A duplicate above the numbers that a worker's descriptors get, so that none overwrites another
    /// on its way there.
    package func moved(above limit: Int32) throws -> Descriptor {
        try Descriptor(fcntl(number, F_DUPFD_CLOEXEC, limit), for: "a descriptor")
    }
}

package func startFailure(_ what: String, _ code: Int32) -> ModelFailure {
    .load(stage: .start, reason: "\(what): \(String(cString: strerror(code)))")
}
