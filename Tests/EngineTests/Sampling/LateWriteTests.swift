import Engine
import Foundation
import PluginHost
import Testing

/// Rows lie in memory that a worker can write to at any time, also while they are read: what it writes then
/// costs its own answer, and no more.
@Suite struct LateWriteTests {
    /// Numbers pass the check, so that what changes is read most of the time; what is none is mostly seen.
    private static let values: [[Float]] = [
        [100, 1e6, 3e38, -3e38, 20],
        [.nan, .infinity, -.infinity, Float(bitPattern: 0xffff_ffff), 3e38, -7],
    ]

    private static let samplings: [@Sendable (inout SamplingParameters) -> Void] = [
        { $0.temperature = 0 }, { _ in }, { $0.topK = 5000 }, { $0.topP = 0.9 },
        { $0.minP = 0.01 }, { $0.typicalP = 0.5 },
        { ($0.temperature, $0.topK, $0.topP, $0.typicalP) = (0.3, 700, 0.5, 0.9) },
    ]

    @Test(arguments: samplings.indices, values)
    func theTokenIsAlwaysOneOfTheVocabulary(_ index: Int, _ values: [Float]) throws {
        let row = try SharedRow(width: 20_000)
        for place in 0..<row.width { row.worker[place] = Float(place % 977) / 100 }
        let ended = DispatchSemaphore(value: 0)
        let stops = Flag()
        BlockingThread.start("worker") { [row] in
            var turn = 0
            while !stops.isSet {
                turn += 1
                let value = values[turn / 64 % values.count]
                for place in stride(from: turn % 64, to: row.width, by: 64) {
                    row.worker[place] = turn % 2 == 0 ? value : Float(place % 977) / 100
                }
            }
            ended.signal()
        }
        var parameters = SamplingParameters()
        Self.samplings[index](&parameters)
        var sampler = Sampler(parameters, seed: UInt64(index))
        let workspace = SamplingWorkspace()
        for _ in 0..<2000 {
            switch Result(catching: { try sampler.choose(from: row.host, with: workspace) }) {
            case .success(let token): #expect((0..<row.width).contains(Int(token)))
            case .failure(EngineError.invalidLogits): break  // It was seen in time.
            case .failure(let error): throw error
            }
        }
        stops.set()
        ended.wait()
        // What was kept of it spoils nothing that comes after.
        for place in 0..<row.width { row.worker[place] = place == 11 ? 0 : -300 }
        #expect(try sampler.choose(from: row.host, with: workspace) == 11)
    }
}

/// A row that two mappings share, as host and worker do.
private final class SharedRow: @unchecked Sendable {
    let width: Int
    let worker: UnsafeMutablePointer<Float>
    let host: UnsafeBufferPointer<Float>

    struct NoMemory: Error {}

    init(width: Int) throws {
        self.width = width
        let size = width * MemoryLayout<Float>.stride
        guard let file = tmpfile() else { throw NoMemory() }
        defer { fclose(file) }
        guard ftruncate(fileno(file), size) == 0 else { throw NoMemory() }
        let views = (0..<2).map { _ in
            mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0)
        }
        guard let first = views[0], let second = views[1], first != MAP_FAILED,
            second != MAP_FAILED
        else { throw NoMemory() }
        worker = first.assumingMemoryBound(to: Float.self)
        host = UnsafeBufferPointer(
            start: second.assumingMemoryBound(to: Float.self), count: width)
    }

    deinit {
        munmap(worker, width * MemoryLayout<Float>.stride)
        munmap(
            UnsafeMutableRawPointer(mutating: host.baseAddress), width * MemoryLayout<Float>.stride)
    }
}

/// Set once, seen by every thread.
private final class Flag: Sendable {
    private let lock = NSLock()
    private nonisolated(unsafe) var value = false

    var isSet: Bool { lock.withLock { value } }
    func set() { lock.withLock { value = true } }
}
