import CHostShims
import Glibc

/// Which executable is a worker.
package struct WorkerLaunch: Sendable, Equatable {
    /// Must call `WorkerMain.run()` when it is started with `arguments`.
    package var executable: String
    package var arguments: [String]
    package var environment = WorkerEnvironment()

    package init(executable: String = "/proc/self/exe", arguments: [String] = ["worker"]) {
        self.executable = executable
        self.arguments = arguments
    }

    /// The descriptors of a worker beyond stdin, stdout and stderr.
    enum DescriptorNumber {
        static let control: Int32 = 3
        static let lane: Int32 = 4
        static let memory: Int32 = 5
        /// Its other end is the host's alone: when that is closed, the worker's reaper ends everything.
        static let lifeline: Int32 = 6
        static let count: Int32 = 7
    }

    /// - Returns: the reaper's process, which starts the worker.
    func spawn(
        output: Descriptor, control: Descriptor, lane: Descriptor, memory: Descriptor,
        lifeline: Descriptor
    ) throws -> pid_t {
        let input = try Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC), for: "/dev/null")
        let descriptors = try [input, output, output, control, lane, memory, lifeline].map {
            try $0.moved(above: DescriptorNumber.count)
        }
        var processID: pid_t = 0
        let status = withCStrings([executable] + arguments) { arguments in
            withCStrings(environment.entries) { environment in
                roost_spawn(
                    executable, arguments, environment, descriptors.map(\.number),
                    DescriptorNumber.count, &processID)
            }
        }
        guard status == 0 else { throw startFailure("cannot start \(executable)", status) }
        return processID
    }
}

/// Lends a NULL-terminated array of C strings.
private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var copies = strings.map { strdup($0) } + [nil]
    defer { copies.forEach { free($0) } }
    return copies.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
}

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

/// What other processes of the host's user may see of it.
package enum HostPrivacy {
    /// Other processes of the same user can no longer read the host's memory and environment, which
    /// hold keys, nor attach a debugger. A worker, which is started by `exec`, can be inspected.
    package static func hideMemory() {
        _ = roost_hide_memory()
    }
}
