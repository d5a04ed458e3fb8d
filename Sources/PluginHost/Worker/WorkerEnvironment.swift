import CHostShims

/// What a worker gets of the host's environment, where keys of APIs and passwords may stand: what a
/// plugin needs to run, and what the settings name.
package struct WorkerEnvironment: Sendable, Hashable {
    /// Variables that are passed on beside the usual ones.
    package var names: Set<String>

    package init(_ names: Set<String> = []) {
        self.names = names
    }

    private static let usual: Set = [
        "PATH", "HOME", "USER", "TMPDIR", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH", "LD_PRELOAD",
    ]
    /// Of locales, thread pools, allocators and sanitizers; and Roost's own.
    private static let prefixes = [
        "LC_", "OMP_", "GOMP_", "KMP_", "OPENBLAS_", "MALLOC_", "ASAN_", "TSAN_", "UBSAN_",
        "ROOST_",
    ]
    /// Variables with such words are passed on only by their names, `ROOST_API_KEY` among them.
    private static let secrets = ["KEY", "TOKEN", "SECRET", "PASSWORD"]

    /// Whether a worker gets a variable.
    package func passes(_ name: String) -> Bool {
        if names.contains(name) || Self.usual.contains(name) { return true }
        return Self.prefixes.contains(where: name.hasPrefix)
            && !Self.secrets.contains(where: name.contains)
    }

    /// `NAME=value`, and no backtracer of Swift's: it would keep a crash from being noticed for seconds.
    var entries: [String] {
        Self.host.filter { entry in
            let name = String(entry.prefix { $0 != "=" })
            return name != "SWIFT_BACKTRACE" && passes(name)
        } + ["SWIFT_BACKTRACE=enable=no"]
    }

    private static var host: [String] {
        var entries: [String] = []
        var next = roost_environment()
        while let entry = next?.pointee {
            entries.append(String(cString: entry))
            next = next?.advanced(by: 1)
        }
        return entries
    }
}
