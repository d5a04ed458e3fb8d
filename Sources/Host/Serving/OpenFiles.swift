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

    /// Raises the limit as far as the system lets everybody: each stream is a connection.
    static func allowAll() {
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(files, &limit)
    }

    /// How many connections there may be: three quarters of all, and all but 512. Workers, collections and
    /// the system's own parts need the others; further clients wait to be accepted.
    static var forConnections: Int {
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0 else { return 256 }
        let files = Int(clamping: limit.rlim_cur)
        return max(files / 4 * 3, files - 512)
    }
}
