import CHostShims
import Glibc

/// The memory that host and worker share: a page of control words, then rows of logits.
///
/// The file can never shrink, so that no worker can make the host's view of it fault. The mapping
/// lives as long as this object, which is longer than the worker: rows can be read after a crash.
final class SharedRows: @unchecked Sendable {
    static let controlSize = 4096

    private enum Word: Int {
        case cancel, controlStep, laneStep
    }

    private let base: UnsafeMutableRawPointer
    private let size: Int

    /// - Parameter size: bytes from the beginning of the file; the file is at least as long.
    init(_ descriptor: Int32, size: Int) throws {
        guard
            let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            base != MAP_FAILED
        else {
            throw ModelFailure.load(
                stage: .start,
                reason:
                    "cannot map \(size) bytes of shared memory: \(String(cString: strerror(errno)))"
            )
        }
        self.base = base
        self.size = size
    }

    deinit {
        munmap(base, size)
    }

    /// Rows that fit, and bytes of the whole: all rows of a batch, unless they are very large.
    static func layout(for capabilities: DecodeCapabilities) -> (rows: Int, size: Int) {
        let stride = LogitBuffer.rowStride(vocabularySize: capabilities.vocabularySize)
        let atOnce = max(capabilities.sequences, (1 << 30) / stride)
        let rows = min(capabilities.batchRows, atOnce)
        return (rows, controlSize + rows * stride)
    }

    var logits: UnsafeMutablePointer<Float> {
        (base + Self.controlSize).assumingMemoryBound(to: Float.self)
    }

    var cancel: UnsafeMutablePointer<Int32> { word(.cancel) }
    var controlTrace: CallTrace { CallTrace(word: word(.controlStep)) }
    var laneTrace: CallTrace { CallTrace(word: word(.laneStep)) }

    private func word(_ word: Word) -> UnsafeMutablePointer<Int32> {
        (base + word.rawValue * 64).assumingMemoryBound(to: Int32.self)
    }
}
