import Glibc

/// The memory of tensors: owned and aligned to 64, or lent by an owner that is kept alive.
public final class Storage: @unchecked Sendable {
    public let base: UnsafeMutableRawPointer
    public let byteCount: Int
    private let owner: Owner

    private enum Owner {
        case blocks
        case lender(AnyObject)
    }

    /// Owned memory with undefined contents.
    public init(byteCount: Int) {
        base = BlockCache.shared.take(byteCount)
        self.byteCount = byteCount
        owner = .blocks
    }

    /// Read-only memory that lives as long as `owner`, such as a mapped file.
    public init(lent bytes: UnsafeRawBufferPointer, by owner: AnyObject) {
        base = bytes.baseAddress.map(UnsafeMutableRawPointer.init(mutating:)) ?? Self.nowhere
        byteCount = bytes.count
        self.owner = .lender(owner)
    }

    deinit {
        if case .blocks = owner { BlockCache.shared.give(base, byteCount) }
    }

    /// Whether the holder of the only reference may write to the bytes.
    var isOwned: Bool {
        if case .blocks = owner { true } else { false }
    }

    /// Hints that a part of a mapped file, which has been copied, need not stay in memory.
    func forgetResidentPages(_ part: UnsafeMutableRawBufferPointer) {
        guard case .lender(let owner) = owner, owner is MappedFile, let start = part.baseAddress
        else { return }
        let page = UInt(sysconf(CInt(_SC_PAGESIZE)))
        let from = (UInt(bitPattern: start) + page - 1) / page * page
        let to = (UInt(bitPattern: start) + UInt(part.count)) / page * page
        if from < to {
            madvise(UnsafeMutableRawPointer(bitPattern: from), Int(to - from), MADV_DONTNEED)
        }
    }

    private nonisolated(unsafe) static let nowhere =
        UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
}
