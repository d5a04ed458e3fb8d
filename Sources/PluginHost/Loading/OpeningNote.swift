import PluginABI

/// How far a plugin says it is with opening a model.
package struct OpeningProgress: Sendable, Equatable {
    package var done: UInt64
    /// 0 is unknown.
    package var of: UInt64
    /// "reading tensors"
    package var what: String
}

/// A place in memory that a worker and its host share, where that stands.
///
/// Nothing orders one side's bytes for the other: what the host reads may be half of two notes, and is for people
/// only.
struct OpeningNote: @unchecked Sendable {
    static let size = 256
    static let none = OpeningNote(place: nil)
    /// Bytes of numbers in front of the text.
    private static let head = 3 * MemoryLayout<UInt64>.size

    /// Of ``size`` bytes; nil keeps no note.
    let place: UnsafeMutableRawPointer?

    func write(_ progress: OpeningProgress) {
        guard let place else { return }
        let text = Array(progress.what.utf8.prefix(Self.size - Self.head))
        place.storeBytes(of: progress.done, as: UInt64.self)
        place.storeBytes(of: progress.of, toByteOffset: 8, as: UInt64.self)
        (place + Self.head).copyMemory(from: text, byteCount: text.count)
        place.storeBytes(of: UInt64(text.count), toByteOffset: 16, as: UInt64.self)
    }

    func clear() {
        place?.storeBytes(of: 0, toByteOffset: 16, as: UInt64.self)
    }

    /// Nil before the first.
    var progress: OpeningProgress? {
        guard let place else { return nil }
        let count = Int(clamping: place.load(fromByteOffset: 16, as: UInt64.self))
        guard count > 0 else { return nil }
        let text = UnsafeRawBufferPointer(
            start: place + Self.head, count: min(count, Self.size - Self.head))
        return OpeningProgress(
            done: place.load(as: UInt64.self), of: place.load(fromByteOffset: 8, as: UInt64.self),
            what: String(decoding: text, as: UTF8.self))
    }
}

/// Takes what a plugin tells during `open`: for the status each time, for the log when it begins something else.
final class OpeningListener: Sendable {
    private let note: OpeningNote
    private let log: @Sendable (String) -> Void
    private let last = Monitor("")

    init(_ note: OpeningNote, log: @escaping @Sendable (String) -> Void) {
        self.note = note
        self.log = log
    }

    /// Lends a plugin the way to tell, for the duration of `body`.
    func listen<Result>(_ body: (roost_opening) throws -> Result) rethrows -> Result {
        defer { note.clear() }
        return try withExtendedLifetime(self) {
            try body(
                roost_opening(ctx: Unmanaged.passUnretained(self).toOpaque()) {
                    guard let context = $0, let what = try? String($3, named: "what", in: .open)
                    else { return }
                    let listener = Unmanaged<OpeningListener>.fromOpaque(context)
                    listener.takeUnretainedValue().take(
                        OpeningProgress(done: $1, of: $2, what: what))
                })
        }
    }

    private func take(_ progress: OpeningProgress) {
        note.write(progress)
        let isNew = last.withLock { last in
            defer { last = progress.what }
            return last != progress.what
        }
        if isNew { log(progress.what) }
    }
}
