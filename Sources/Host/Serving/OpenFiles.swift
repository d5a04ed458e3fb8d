import NIOCore
import PluginHost

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How many files and connections the process may have open.
enum OpenFiles {
    #if canImport(Glibc)
        private static let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let files = RLIMIT_NOFILE
    #endif

    /// Raises the limit as far as the system allows: each stream is a connection.
    static func allowAll() {
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(files, &limit)
    }

    /// What the host itself keeps open: three files for each event loop, one per core.
    private static let own = 26 + 3 * System.coreCount

    /// What a host needs before it serves anything: a model and some connections.
    private static let fewest = own + SpareFiles.count + 16

    /// - Throws: `HostError.tooFewFiles` where the limit would end the host in the middle of its start.
    static func check() throws {
        guard let limit, limit < fewest else { return }
        throw HostError.tooFewFiles(limit, needed: fewest)
    }

    /// Makes the runtime open now what it would open with its first timer of each clock, and ends
    /// the process if it cannot: later there might be no descriptor left.
    static func openTimers() async {
        try? await Task.sleep(for: .nanoseconds(1), clock: .continuous)
        try? await Task.sleep(for: .nanoseconds(1), clock: .suspending)
    }

    /// How many connections there may be: three quarters of the descriptors, or all but 512 if that
    /// leaves what a model needs. Workers, collections and the system need the rest; further
    /// clients wait to be accepted.
    static var forConnections: Int {
        guard let limit else { return 256 }
        return min(max(limit / 4 * 3, limit - 512), max(8, limit - fewest))
    }

    private static var limit: Int? {
        var limit = rlimit()
        return getrlimit(files, &limit) == 0 ? Int(clamping: limit.rlim_cur) : nil
    }
}
