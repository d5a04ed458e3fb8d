import CHostShims
import Glibc

/// The memory that host and worker share: a page of control words, then rows of logits or vectors,
/// or an image.
///
/// The file can never shrink, so that no worker can make the host's view of it fault. The mapping
/// lives as long as this object, which is longer than the worker: rows can be read after a crash.
final class SharedMemory: LaneMemory, @unchecked Sendable {
    static let controlSize = 4096
    /// Behind the control words, in their page.
    private static let openingOffset = 1024

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

    /// Bytes of the whole, for the largest answer of a model.
    static func size(for model: ModelDescription) -> Int {
        let decode = model.decode.map {
            $0.logitRows * RowBuffer.stride(width: $0.vocabularySize)
        }
        let vectors = model.vectors.map {
            $0.embeddingRows * RowBuffer.stride(width: max($0.dimensions, $0.labels.count))
        }
        let image = model.image == nil ? 0 : ImageCapabilities.mostBytes
        return controlSize + max(decode ?? 0, vectors ?? 0, image)
    }

    /// - Throws: `.refused` for what is larger than any answer of the model that this was made for.
    func room(_ bytes: Int) throws -> UnsafeMutableRawPointer {
        guard bytes <= size - Self.controlSize else {
            throw ModelFailure.argument(
                "an answer of \(bytes) bytes, expected at most \(size - Self.controlSize)")
        }
        return base + Self.controlSize
    }

    var cancel: CancelWord { CancelWord(word(.cancel)) }
    var controlTrace: CallTrace {
        CallTrace(
            word: word(.controlStep), opening: OpeningNote(place: base + Self.openingOffset))
    }
    var laneTrace: CallTrace { CallTrace(word: word(.laneStep)) }

    private func word(_ word: Word) -> UnsafeMutablePointer<Int32> {
        (base + word.rawValue * 64).assumingMemoryBound(to: Int32.self)
    }
}

extension DecodeCapabilities {
    /// Rows of logits that one call may ask for: all of a batch, unless they are very large.
    var logitRows: Int {
        let stride = RowBuffer.stride(width: vocabularySize)
        return min(batchSize, max(sequences, (1 << 30) / stride))
    }
}
