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
