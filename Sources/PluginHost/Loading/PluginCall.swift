import CHostShims
import Glibc
import PluginABI

/// The word with the number of the last call of a lane that is to stop. Only the host writes it.
struct CancelWord: @unchecked Sendable {
    private let word: UnsafeMutablePointer<Int32>

    init(_ word: UnsafeMutablePointer<Int32>) {
        self.word = word
    }

    /// Before a call begins: after 2³¹ calls without a cancellation, the word would name future
    /// calls.
    func keepBehind(_ number: UInt32) {
        let distance = number &- UInt32(bitPattern: roost_word_load(word))
        if distance > 1 << 30 { cancel(number &- 1) }
    }

    /// - Parameter number: of a call that has not ended.
    func cancel(_ number: UInt32) {
        roost_word_store(word, Int32(bitPattern: number))
    }

    /// What a call gets to see of it.
    func of(_ number: UInt32) -> Cancellation {
        Cancellation(
            word: UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self), number: number)
    }
}

/// A call of a lane by its number, and the word that may name it.
struct Cancellation {
    let word: UnsafePointer<UInt32>
    let number: UInt32
}

/// What a call of a lane is called in the log, by the host and by the plugin.
struct TraceID: CustomStringConvertible {
    let process: Int32
    let number: UInt32

    var rawValue: UInt64 { UInt64(UInt32(bitPattern: process)) << 32 | UInt64(number) }
    var description: String { "\(process)-\(number)" }
}

/// What accompanies a call of the lane.
package struct LaneCall {
    var cancel: Cancellation?
    var deadline: MonotonicTime?
    var trace = CallTrace.none
}

/// Longest error message that a plugin may write, with its NUL.
private let messageCapacity = 1024

/// Calls a function of a plugin.
///
/// - Throws: `.refused` with the plugin's words, `.broken` for a status that does not exist.
func callPlugin(
    _ step: CallStep, trace: CallTrace = .none, cancel: Cancellation? = nil,
    deadline: MonotonicTime? = nil, _ body: (UnsafePointer<roost_call>) -> roost_status
) throws {
    // The trace covers all of this: a message that overruns its buffer is attributed to the call
    // that wrote it.
    try trace.during(step) {
        try withUnsafeTemporaryAllocation(of: CChar.self, capacity: messageCapacity) { message in
            message.initialize(repeating: 0)
            var error = roost_err(
                struct_size: UInt32(MemoryLayout<roost_err>.size), flags: 0, code: 0,
                cap: UInt32(messageCapacity), message: message.baseAddress)
            let status = withUnsafeMutablePointer(to: &error) { error in
                var call = roost_call(
                    struct_size: UInt32(MemoryLayout<roost_call>.size), number: cancel?.number ?? 0,
                    cancel: cancel?.word, deadline_ns: deadline?.nanoseconds ?? 0,
                    trace_id: cancel.map { TraceID(process: getpid(), number: $0.number).rawValue }
                        ?? 0,
                    err: error)
                return body(&call)
            }
            if status == 0 { return }
            guard status < 0 else {
                throw ModelFailure.broken(
                    step: step.name, reason: "status \(status), expected 0 or a negative code")
            }
            let bytes = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            let words =
                bytes.isEmpty
                ? "\(step.name) failed with \(ErrorCode.name(ofStatus: status)) and no message"
                : nil
            throw ModelFailure.refused(
                code: ErrorCode(status: status), flags: ErrorFlags(rawValue: error.flags),
                message: words ?? String(decoding: bytes, as: UTF8.self))
        }
    }
}
