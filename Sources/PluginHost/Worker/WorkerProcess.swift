import CHostShims
import Glibc

/// A worker's process, seen from the host: its end is noticed at once and reported with its cause,
/// and it is always reaped, with everything it started.
package final class WorkerProcess: @unchecked Sendable {
    private struct Life {
        var reaped = false
        var closing = false
        /// Why the host killed it, given the step it was in.
        var killedFor: (@Sendable (WorkerDeath) -> ModelFailure)?
        var end: ModelFailure?
        var handler: (@Sendable (ModelFailure) -> Void)?
        /// Closing it ends the worker and everything below it.
        var lifeline: Descriptor?
        var worker: Worker?
    }

    /// The process below the reaper.
    private struct Worker {
        let id: Int32
        /// A pidfd; nil where the kernel gives none.
        let handle: Descriptor?
    }

    /// How long the reaper has for ending a worker, and the kernel for ending both.
    private static let patience = Duration.seconds(2)

    package let control: FrameChannel
    package let lane: FrameChannel
    let memory: Descriptor
    /// The page of control words.
    let page: SharedMemory
    /// The host's child: it is the worker's parent, and nothing that the worker starts outlives it.
    private let reaper: Int32
    private let output: Descriptor
    private let life: Monitor<Life>

    /// Starts a worker.
    ///
    /// - Parameter name: for the log.
    package init(_ launch: WorkerLaunch, name: String, log: @escaping LogHandler) throws {
        let control = try Descriptor.socketPair()
        let lane = try Descriptor.socketPair()
        let output = try Descriptor.pipe()
        let lifeline = try Descriptor.pipe()
        memory = try Descriptor(
            roost_memory_file("roost-rows", UInt64(SharedMemory.controlSize)), for: "shared memory")
        page = try SharedMemory(memory.number, size: SharedMemory.controlSize)
        reaper = try launch.spawn(
            output: output.write, control: control.worker, lane: lane.worker, memory: memory,
            lifeline: lifeline.read)
        life = Monitor(Life(lifeline: lifeline.write))
        self.output = output.read
        self.control = FrameChannel(control.host)
        self.lane = FrameChannel(lane.host)
        BlockingThread.start("roost-watch") { [self] in watch(name: name, log: log) }
    }

    /// The worker; until it has said who it is, its reaper.
    package var processID: Int32 {
        life.withLock { $0.worker?.id } ?? reaper
    }

    /// Records the worker's own process id, before any code of a plugin has run in it.
    func introduce(_ id: Int32) throws {
        guard roost_parent(id) == reaper else {
            throw ModelFailure.load(
                stage: .start, reason: "process \(id) says that it is the worker, which it is not")
        }
        let handle = try? Descriptor(roost_pidfd(id), for: "a pidfd")
        life.withLock { $0.worker = Worker(id: id, handle: handle) }
    }

    /// Why the process is gone; nil while it lives.
    var end: ModelFailure? {
        life.withLock { $0.end }
    }

    /// Where in the plugin the worker is.
    var step: CallStep {
        let lane = page.laneTrace.step
        return lane == .idle ? page.controlTrace.step : lane
    }

    /// How far the plugin says it is with opening a model.
    var opening: OpeningProgress? { page.controlTrace.opening.progress }

    /// Calls `handler` once when the process ends without `markClosing`.
    func onEnd(_ handler: @escaping @Sendable (ModelFailure) -> Void) {
        let end = life.withLock { life -> ModelFailure? in
            if life.end == nil { life.handler = handler }
            return life.closing ? nil : life.end
        }
        if let end { handler(end) }
    }

    /// The coming end is intended.
    func markClosing() {
        life.withLock {
            $0.closing = true
            $0.handler = nil
        }
    }

    /// Ends the process and everything it started, and waits until it is gone, but not forever.
    ///
    /// - Returns: why it is gone: what was given here, unless something else came first.
    @discardableResult
    func kill(for reason: @escaping @Sendable (WorkerDeath) -> ModelFailure) -> ModelFailure {
        startKilling(for: reason)
        if let end = waitForEnd(atMost: Self.patience) { return end }
        force()
        return waitForEnd(atMost: Self.patience)
            ?? .unavailable(
                reason: "process \(processID) could not be killed; it waits for a device or a file "
                    + "system that does not answer", retryAfter: nil)
    }

    /// Does the same without waiting.
    func startKilling(for reason: @escaping @Sendable (WorkerDeath) -> ModelFailure) {
        life.withLock { life in
            if !life.reaped, life.killedFor == nil { life.killedFor = reason }
            life.lifeline = nil
        }
    }

    /// Kills a reaper that does not work, and the worker, which would end with its reaper unless it
    /// has prevented that.
    private func force() {
        life.withLock { life in
            if life.reaped { return }
            Glibc.kill(reaper, SIGKILL)
            if let handle = life.worker?.handle { _ = roost_signal_process(handle.number, SIGKILL) }
        }
    }

    /// - Returns: why the process is gone; nil when `limit` passed first.
    package func waitForEnd(atMost limit: Duration? = nil) -> ModelFailure? {
        life.wait(atMost: limit) { $0.end }
    }
}

// MARK: - Watching

extension WorkerProcess {
    /// Runs on a thread of its own until the process has ended.
    private func watch(name: String, log: @escaping LogHandler) {
        var written = WorkerOutput(source: name, log: log)
        let exit = roost_pidfd(reaper)
        waitForExit(exit) { written.append($0, at: .now) }
        // Its descriptors are closed or its process has ended; nothing of it continues.
        life.withLock { $0.lifeline = nil }
        if exit >= 0 {
            var ended = pollfd(fd: exit, events: Int16(POLLIN), revents: 0)
            if poll(&ended, 1, Self.patience.milliseconds) == 0 { force() }
            close(exit)
        }
        roost_await_child(reaper)
        endOrphan()
        readOutput { written.append($0, at: .now) }
        written.finish(at: .now)
        conclude(status: reap(), stderr: written.tail, name: name, log: log)
    }

    /// Ends a worker that has killed its reaper and has prevented ending with it.
    private func endOrphan() {
        guard let handle = life.withLock({ $0.worker?.handle }) else { return }
        _ = roost_signal_process(handle.number, SIGKILL)
        var ended = pollfd(fd: handle.number, events: Int16(POLLIN), revents: 0)
        poll(&ended, 1, Self.patience.milliseconds)
    }

    /// Returns when the process has ended, or has closed a connection, which only an ending process
    /// does.
    private func waitForExit(_ exit: Int32, _ take: (UnsafeRawBufferPointer) -> Void) {
        let hangUp = Int16(truncatingIfNeeded: POLLHUP | POLLERR)
        var entries = [
            pollfd(fd: output.number, events: Int16(POLLIN), revents: 0),
            pollfd(fd: exit, events: Int16(POLLIN), revents: 0),
            pollfd(fd: control.descriptor, events: 0, revents: 0),
            pollfd(fd: lane.descriptor, events: 0, revents: 0),
        ]
        while true {
            if poll(&entries, nfds_t(entries.count), -1) < 0 { continue }
            if entries[0].revents != 0, !readOutput(take) { entries[0].fd = -1 }
            if entries[1].revents != 0 || (entries[2].revents | entries[3].revents) & hangUp != 0 {
                return
            }
        }
    }

    /// - Returns: false at the end of the output.
    @discardableResult
    private func readOutput(_ take: (UnsafeRawBufferPointer) -> Void) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { chunk in
            // A pipe's worth: a worker that never stops writing must not keep the watch from the exit.
            for _ in 0..<16 {
                let count = read(output.number, chunk.baseAddress!, chunk.count)
                if count > 0 {
                    take(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
                } else if count == 0 || errno != EINTR {
                    return count != 0
                }
            }
            return true
        }
    }

    private func reap() -> Int32 {
        var status: Int32 = 0
        life.withLock { life in
            while waitpid(reaper, &status, 0) < 0, errno == EINTR {}
            life.reaped = true
        }
        return status
    }

    private func conclude(status: Int32, stderr: String, name: String, log: LogHandler) {
        let death = WorkerDeath(cause: .init(waitStatus: status), step: step.name, stderr: stderr)
        noteEndInClosing(death, name: name, log: log)
        let (end, handler) = life.withLock { life in
            let end =
                life.closing
                ? .unavailable(reason: "the model is closed", retryAfter: nil)
                : life.killedFor?(death) ?? .crashed(death)
            life.end = end
            defer { life.handler = nil }
            return (end, life.handler)
        }
        control.shutDown()
        self.lane.shutDown()
        handler?(end)
    }
}

// MARK: - Closing

extension WorkerProcess {
    /// An intended end fails no request, so only the log reports one that went wrong.
    private func noteEndInClosing(_ death: WorkerDeath, name: String, log: LogHandler) {
        let (closing, killed) = life.withLock { ($0.closing, $0.killedFor != nil) }
        guard closing, death.cause != .exit(0) else { return }
        let text =
            killed
            ? "the worker did not close in time and was killed in \(death.step)"
            : "while the model was closed, \(death)"
        log(LogLine(level: .warning, source: name, text: text))
    }
}

extension WorkerDeath.Cause {
    /// - Parameter waitStatus: as `waitpid` gives it.
    fileprivate init(waitStatus: Int32) {
        let signal = waitStatus & 0x7f
        self = signal == 0 ? .exit((waitStatus >> 8) & 0xff) : .signal(signal)
    }
}
