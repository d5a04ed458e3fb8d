import CVectorIndex

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A piece of a codes file, mapped: the keys of its slots, then their scales, then their codes.
///
/// One thread writes slots that no reader knows of yet. The scale of a slot may become NaN while
/// others read it: they see the old value or the new one.
final class CodesSegment: @unchecked Sendable {
    static let slots = 2048

    let keys: UnsafeMutablePointer<Int64>
    let scales: UnsafeMutablePointer<Float>
    let codes: UnsafeMutablePointer<UInt8>
    private let dimensions: Int
    private let stride: Int

    private static func size(dimensions: Int) -> Int {
        slots * (MemoryLayout<Int64>.size + MemoryLayout<Float>.size + rv_stride(dimensions))
    }

    /// Where a segment begins. Its size is a multiple of every page size in use.
    static func offset(_ index: Int, dimensions: Int) -> Int {
        CodesHeader.size + index * size(dimensions: dimensions)
    }

    /// Maps the segment `index`, after extending the file if `grow` is true.
    /// - Throws: `CollectionError.cannotOpen`, as when the disk is full.
    init(_ descriptor: Int32, index: Int, dimensions: Int, grow: Bool) throws {
        let size = Self.size(dimensions: dimensions)
        let offset = Self.offset(index, dimensions: dimensions)
        // Without space on the disk, the first write to a page would end the process.
        if grow {
            let number = posix_fallocate(descriptor, off_t(offset), off_t(size))
            errno = number
            guard number == 0 else { throw CodesFile.failure("the codes file") }
        }
        let address = mmap(
            nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, off_t(offset))
        guard let address, address != MAP_FAILED else {
            throw CodesFile.failure("the codes file")
        }
        madvise(address, size, MADV_WILLNEED)
        self.dimensions = dimensions
        stride = rv_stride(dimensions)
        keys = address.assumingMemoryBound(to: Int64.self)
        scales = (address + Self.slots * 8).assumingMemoryBound(to: Float.self)
        codes = (address + Self.slots * 12).assumingMemoryBound(to: UInt8.self)
    }

    deinit {
        munmap(keys, Self.size(dimensions: dimensions))
    }

    static func map(_ descriptor: Int32, count: Int, dimensions: Int) throws -> [CodesSegment] {
        try (0..<count).map {
            try CodesSegment(descriptor, index: $0, dimensions: dimensions, grow: false)
        }
    }

    func set(_ slot: Int, key: Int64, vector: UnsafeBufferPointer<Float>) {
        keys[slot] = key
        rv_encode(vector.baseAddress, dimensions, code(slot), scales + slot)
    }

    func code(_ slot: Int) -> UnsafeMutablePointer<UInt8> { codes + slot * stride }

    func flush() {
        msync(keys, Self.size(dimensions: dimensions), MS_SYNC)
    }
}
