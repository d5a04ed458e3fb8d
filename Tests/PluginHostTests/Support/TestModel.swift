import Glibc
import PluginHost
import Synchronization
import Testing

extension Isolation: CustomTestStringConvertible {
    public var testDescription: String { rawValue }
}

/// Longer than anything takes that ends at all, on a machine with much else to do.
let patience = Duration.seconds(120)

/// How long what hangs is waited for.
let shortPatience = Duration.milliseconds(300)

/// Options of hosts under test: workers of the test's own executable.
///
/// - Parameter limit: of every call that gives no deadline of its own.
func testOptions(limit: Duration = patience, log: @escaping LogHandler = { _ in })
    -> PluginHostOptions
{
    var options = PluginHostOptions(store: "\(TestFolder.shared.path)/store", log: log)
    options.worker = WorkerLaunch(executable: "\(productFolder)/TestWorker")
    options.limits.hello = patience
    options.limits.library = patience
    options.limits.query = patience
    options.limits.attach = patience
    options.limits.probe = patience
    options.limits.choice = patience
    options.limits.load = patience
    options.limits.tokenize = limit
    options.limits.sequence = limit
    options.limits.close = limit
    options.restart.initialDelay = .milliseconds(1)
    options.drainTimeout = patience
    return options
}

/// The settings that make the plugin misbehave.
func settings(at step: String, do deed: String, marker: String? = nil) -> String {
    let once = marker.map { ", \"marker\": \"\($0)\"" } ?? ""
    return "{\"at\": \"\(step)\", \"do\": \"\(deed)\"\(once)}"
}

/// Opens a model of a test plugin.
func openModel(
    _ isolation: Isolation, of name: String = "tally", macros: [String] = [], config: String = "",
    sequences: Int = 4, options: PluginHostOptions = testOptions()
) throws -> any LoadedModel {
    let loader = ModelLoader(options)
    let library = try TestPlugin.library(macros, of: name)
    let plugin = try loader.stage(PluginSpec(name: name, library: library, isolation: isolation))
    let request = OpenRequest(path: TestPlugin.model, configJSON: config, sequences: sequences)
    return try loader.launch(plugin, name: "test", request)
}

extension LoadedModel {
    /// Feeds tokens to a sequence and returns the most likely next one.
    func feed(
        _ tokens: [Int32], to sequence: Int = 0, at position: Int = 0, adapter: UInt32 = 0,
        deadline: Duration? = nil
    ) throws
        -> Int32
    {
        var batch = Batch()
        for (offset, token) in tokens.enumerated() {
            batch.append(
                token: token, sequence: sequence, position: position + offset,
                wantsLogits: offset == tokens.count - 1, adapter: adapter)
        }
        return try forward(batch, deadline: deadline).best(0)
    }
}

extension FloatRows {
    func best(_ row: Int) -> Int32 {
        let values = self[row]
        return Int32(values.indices.max { values[$0] < values[$1] } ?? -1)
    }
}

/// What the test plugin answers after `tokens`, and after `source` where it has an encoder, computed here.
func tally(_ tokens: [Int32], of source: [Int32] = []) -> Int32 {
    var sum = 17 &+ source.reduce(0 as UInt32) { $0 &* 31 &+ UInt32($1) }
    for (index, token) in tokens.enumerated() {
        sum = sum &* 31 &+ UInt32(token) &+ UInt32(index)
    }
    return Int32(UInt8(ascii: "a")) + Int32(sum % 26)
}

/// Lines of a log.
final class LogRecorder: Sendable {
    private let recorded = Mutex<[LogLine]>([])

    var lines: [LogLine] { recorded.withLock { $0 } }
    var handler: LogHandler {
        { line in self.recorded.withLock { $0.append(line) } }
    }
}

/// Set once, seen by every thread.
final class Flag: Sendable {
    private let value = Atomic<Bool>(false)

    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}

/// Polls until `condition` holds.
///
/// - Returns: false when it did not within `limit`.
func eventually(within limit: Duration = patience, _ condition: () throws -> Bool) rethrows
    -> Bool
{
    let deadline = MonotonicTime.now + limit
    while try !condition() {
        if .now >= deadline { return false }
        usleep(1000)
    }
    return true
}

/// What `body` throws.
func failure(of body: () throws -> Void) -> ModelFailure? {
    do {
        try body()
        return nil
    } catch {
        return error as? ModelFailure
    }
}
