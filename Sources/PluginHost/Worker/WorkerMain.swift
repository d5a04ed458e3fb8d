import CHostShims
import Glibc

/// The main program of a worker process; what `roost worker` calls before anything else.
package enum WorkerMain {
    /// Serves the host over the descriptors that it gave, until it goes. To be called before the process
    /// has a second thread.
    package static func run() -> Never {
        typealias Number = WorkerLaunch.DescriptorNumber
        for number in Number.control..<Number.count {
            guard fcntl(number, F_SETFD, FD_CLOEXEC) == 0 else {
                die(
                    "roost worker: descriptor \(number) is not open; workers are started by `roost serve`"
                )
            }
        }
        guard roost_fork_worker(Number.lifeline) == 0 else {
            die("roost worker: cannot fork: \(String(cString: strerror(errno)))")
        }
        // The terminal and the service manager signal every process; the host decides what follows.
        for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { signal(number, SIG_IGN) }
        roost_line_buffer_stdout()
        do {
            try WorkerServer().run()
        } catch {
            die("roost worker: \(error)")
        }
    }

    /// Writes a line to stderr, where the host reads it.
    static func log(_ line: LogLine) {
        let bytes = WorkerLog.format(line)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    static func die(_ message: String) -> Never {
        let line = Array((message + "\n").utf8)
        _ = write(STDERR_FILENO, line, line.count)
        _exit(70)
    }
}
