/// Why a call into a model, or the loading of one, did not succeed.
package enum ModelFailure: Error, Sendable, Equatable {
    /// The plugin answered with an error; it lives.
    case refused(code: ErrorCode, flags: ErrorFlags, message: String)
    /// The plugin violated the contract; it is to be discarded.
    case broken(step: String, reason: String)
    /// The worker process ended.
    case crashed(WorkerDeath)
    /// A call passed its deadline and the worker was killed.
    case hung(step: String, after: Duration, stderr: String)
    /// Nothing to call at the moment.
    case unavailable(reason: String, retryAfter: Duration?)
    /// The library or the model could not be loaded.
    case load(stage: LoadStage, reason: String)

    /// Whether the plugin refused a call that was right.
    var isPluginsFault: Bool {
        switch self {
        case .refused(let code, _, _):
            ![.argument, .unsupported, .cancelled, .busy].contains(code)
        default: false
        }
    }

    /// Whether the model that threw this can take no further call.
    package var isFatal: Bool {
        switch self {
        case .refused(_, let flags, _):
            !flags.isDisjoint(with: [.modelPoisoned, .pluginPoisoned])
        case .broken, .crashed, .hung: true
        case .unavailable, .load: false
        }
    }
}

extension ErrorCode {
    /// A code that this host does not know is a fault of the plugin's.
    package init(status: Int32) {
        self = ErrorCode(rawValue: status) ?? .internal
    }

    /// As the header writes it: `ROOST_E_INTERNAL`.
    package static func name(ofStatus status: Int32) -> String {
        ErrorCode(rawValue: status)?.name ?? "status \(status), which is no ROOST_E_*,"
    }
}

extension ModelFailure {
    /// Refuses a call whose arguments no plugin needs to see.
    static func argument(_ message: String) -> ModelFailure {
        .refused(code: .argument, flags: [], message: message)
    }

    /// Refuses a call that the model has no function for.
    static func unsupported(_ message: String) -> ModelFailure {
        .refused(code: .unsupported, flags: [], message: message)
    }

    /// - Throws: `.broken` for an impossible number.
    static func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw ModelFailure.broken(
                step: CallStep.describe.name,
                reason: "\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
        }
    }
}

/// How a worker process ended.
package struct WorkerDeath: Sendable, Equatable {
    package enum Cause: Sendable, Equatable {
        case signal(Int32)
        case exit(Int32)
    }

    package var cause: Cause
    /// What the worker was doing: "open", "forward", …, or "idle".
    package var step: String
    /// The last lines that it wrote to stdout and stderr.
    package var stderr: String

    package init(cause: Cause, step: String, stderr: String) {
        self.cause = cause
        self.step = step
        self.stderr = stderr
    }
}

/// The stages of starting a revision, in order.
package enum LoadStage: String, Sendable {
    case find, stage, preflight, start
    case library = "dlopen"
    case query, attach, probe, open, describe
    case ability = "extension"
    case context = "context_new"
    case vocabulary = "vocab"
    case warm
    case selfTest = "self-test"
    case serve
}

extension ModelFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .refused(_, _, let message): message
        case .broken(let step, let reason): "the plugin broke its contract in \(step): \(reason)"
        case .crashed(let death): death.description
        case .hung(let step, let after, let stderr):
            "the worker hung in \(step) and was killed after \(after.rounded)\(quoted(stderr))"
        case .unavailable(let reason, _): reason
        case .load(let stage, let reason): "\(stage.rawValue): \(reason)"
        }
    }
}

extension WorkerDeath: CustomStringConvertible {
    package var description: String {
        let how =
            switch cause {
            case .signal(let number): "was ended by \(signalName(number))"
            case .exit(let status): "exited with status \(status)"
            }
        return "the worker \(how) in \(step)\(quoted(stderr))"
    }
}

/// The relevant part of a worker's output, as the end of a sentence.
private func quoted(_ stderr: String) -> String {
    let words = LastWords.of(stderr)
    return words.isEmpty ? "" : "; its last words: \(words)"
}

private func signalName(_ number: Int32) -> String {
    let names: [Int32: String] = [
        4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL",
        11: "SIGSEGV", 13: "SIGPIPE", 15: "SIGTERM", 24: "SIGXCPU", 31: "SIGSYS",
    ]
    return names[number] ?? "signal \(number)"
}

/// The part of a dead worker's output that says why it died.
///
/// The last line is often the least useful: Rust ends with "aborting", Zig with an address, Go with
/// a stack.
enum LastWords {
    private static let longest = 600

    /// How a panic, an exception, an assertion or a sanitizer's report begins.
    private static let beginnings = [
        "panicked at", "panic: ", "terminate called", "what():", "Assertion", "assertion failed",
        "Fatal error:", "fatal error:", "fatal runtime error", "ERROR: AddressSanitizer",
        "ERROR: ThreadSanitizer", "runtime error:", "stack smashing detected", "free(): ",
        "malloc(): ", "double free", "symbol lookup error", "Unhandled exception",
    ]

    /// The first line with such a beginning and the next two, else the last three lines.
    static func of(_ output: String) -> String {
        let lines = output.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
        let first = lines.firstIndex { line in beginnings.contains { line.contains($0) } }
        let chosen = first.map { lines[$0...].prefix(3) } ?? lines.suffix(3)
        let words = chosen.map { $0.trimmingSpaces }.joined(separator: " / ")
        return words.count > longest ? words.prefix(longest) + "…" : words
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var line = drop(while: \.isWhitespace)
        while line.last?.isWhitespace == true { line.removeLast() }
        return line
    }
}
