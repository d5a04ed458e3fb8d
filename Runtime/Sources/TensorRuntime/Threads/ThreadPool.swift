import CKernels
import Glibc
import Synchronization

/// The threads of the process that kernels run on: the caller of `parallel` and its helpers.
///
/// Helpers wait for the next job in a short spin, then park, so that an idle process costs nothing
/// and a token's hundreds of jobs do not pay for waking threads.
public final class ThreadPool: Sendable {
    /// Created at the first use, with as many threads as `configure` or `ROOST_THREADS` say, else
    /// one for each core that this process may use.
    public static let shared = ThreadPool(threads: chosenThreads())

    /// The threads that work on a job, including the caller's.
    public let threads: Int

    private struct Job {
        let count: Int
        let body: (Int) -> Void
    }

    private let callers = Lock()
    private let parking = ParkingPlace()
    /// The open job; written only while it is closed and no helper is inside.
    private nonisolated(unsafe) let job: UnsafeMutablePointer<Job?>
    private let isOpen = Atomic(false)
    private let inside = Atomic(0)
    private let next = Atomic(0)
    private let jobNumber = Atomic(0)

    private static let wanted = Atomic(0)
    private static let spins = 2000

    init(threads: Int) {
        self.threads = max(1, threads)
        job = .allocate(capacity: 1)
        job.initialize(to: nil)
        for _ in 1..<self.threads { startHelper() }
    }

    /// Sets how many threads the process uses; without effect once `shared` has been used.
    public static func configure(threads: Int) {
        wanted.store(threads, ordering: .relaxed)
    }

    /// Runs `body` for 0 to count - 1, in any order, on all threads, and returns when all are done.
    ///
    /// A call from inside a body runs on its own thread alone.
    public func parallel(_ count: Int, _ body: (Int) -> Void) {
        guard count > 1, threads > 1, pthread_getspecific(Self.marker) == nil else {
            for index in 0..<count { body(index) }
            return
        }
        withoutActuallyEscaping(body) { body in
            callers.withLock { run(Job(count: count, body: body)) }
        }
    }

    private func run(_ newJob: Job) {
        pthread_setspecific(Self.marker, UnsafeRawPointer(job))
        defer { pthread_setspecific(Self.marker, nil) }
        next.store(0, ordering: .relaxed)
        job.pointee = newJob
        isOpen.store(true, ordering: .sequentiallyConsistent)
        jobNumber.add(1, ordering: .sequentiallyConsistent)
        parking.wakeAll()

        work()
        isOpen.store(false, ordering: .sequentiallyConsistent)
        var turns = 0
        while inside.load(ordering: .sequentiallyConsistent) > 0 { Self.wait(&turns) }
        job.pointee = nil
    }

    /// Takes items of the open job until none is left.
    @inline(never)
    private func work() {
        guard let job = job.pointee else { return }
        while true {
            let index = next.add(1, ordering: .relaxed).oldValue
            if index >= job.count { return }
            job.body(index)
        }
    }

    fileprivate func help() -> Never {
        pthread_setspecific(Self.marker, UnsafeRawPointer(job))
        var seen = 0
        while true {
            seen = awaitJob(after: seen)
            // The caller closes the job before it checks for helpers inside, and a helper enters
            // before it checks whether the job is open: one of the two sees the other.
            inside.add(1, ordering: .sequentiallyConsistent)
            if isOpen.load(ordering: .sequentiallyConsistent) { work() }
            inside.subtract(1, ordering: .sequentiallyConsistent)
        }
    }

    private func awaitJob(after seen: Int) -> Int {
        for _ in 0..<Self.spins {
            let number = jobNumber.load(ordering: .acquiring)
            if number != seen { return number }
            rk_relax()
        }
        parking.park { jobNumber.load(ordering: .sequentiallyConsistent) == seen }
        return jobNumber.load(ordering: .acquiring)
    }

    /// A busy wait that yields the core when it takes long.
    private static func wait(_ turns: inout Int) {
        turns += 1
        if turns < spins { rk_relax() } else { sched_yield() }
    }

    private func startHelper() {
        let thread = UnsafeMutablePointer<pthread_t>.allocate(capacity: 1)
        defer { thread.deallocate() }
        let me = Unmanaged.passUnretained(self).toOpaque()
        if pthread_create(thread, nil, helperMain, me) == 0 { pthread_detach(thread.pointee) }
    }

    /// Set on threads that are working on a job.
    private static let marker: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    private static func chosenThreads() -> Int {
        let wanted = wanted.load(ordering: .relaxed)
        if wanted > 0 { return wanted }
        if let text = getenv("ROOST_THREADS"), let threads = Int(String(cString: text)), threads > 0
        {
            return threads
        }
        return rk_cores()
    }
}

/// A pool lives as long as its helpers, which is as long as the process.
private func helperMain(_ pool: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let pool else { return nil }
    Unmanaged<ThreadPool>.fromOpaque(pool).takeUnretainedValue().help()
}
