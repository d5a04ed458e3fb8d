import Glibc

/// The host's memory for an image.
package struct ImageBuffer {
    let base: UnsafeMutablePointer<UInt8>

    /// Copies the image that was put there.
    ///
    /// - Parameter place: is in the buffer.
    func image(at place: ImagePlace) -> RGBImage {
        let bytes = place.width * ABI.imageChannels
        let rgb = [UInt8](unsafeUninitializedCapacity: bytes * place.height) { rgb, count in
            for row in 0..<place.height {
                (rgb.baseAddress! + row * bytes).initialize(
                    from: base + row * place.stride, count: bytes)
            }
            count = bytes * place.height
        }
        return RGBImage(width: place.width, height: place.height, rgb: rgb)
    }
}

/// Where in a buffer an image was put.
package struct ImagePlace: Equatable {
    var width: Int
    var height: Int
    /// Bytes from one row to the next.
    var stride: Int

    /// - Throws: `.broken` for an image that does not fit into the host's buffer, and for a
    ///   finished one of the wrong size.
    func check(in room: ImageRoom, step: CallStep) throws {
        guard stride == room.stride else {
            throw ModelFailure.broken(
                step: step.name,
                reason: "row_stride was changed to \(stride), expected the host's \(room.stride)")
        }
        guard (1...room.width).contains(width), (1...room.height).contains(height) else {
            throw ModelFailure.broken(
                step: step.name,
                reason: "an image of \(width)x\(height), expected at most "
                    + "\(room.width)x\(room.height) in the host's buffer")
        }
        guard
            step != .finishImage || !room.isExact
                || (width, height) == (room.width, room.height)
        else {
            throw ModelFailure.broken(
                step: step.name,
                reason: "an image of \(width)x\(height), expected \(room.width)x\(room.height)")
        }
    }
}

/// The size of the buffer for one image.
package struct ImageRoom: Hashable, Sendable {
    package var width: Int
    package var height: Int
    /// Whether the finished image must have exactly this size, not only fit.
    var isExact: Bool

    /// Bytes from one row to the next.
    var stride: Int { width * ABI.imageChannels }
    var byteCount: Int { stride * height }
}

// MARK: - What is not written

extension ImageBuffer {
    /// The mark at the beginning of a row until the plugin writes it: the golden ratio, in binary.
    private static let mark: [UInt8] = [
        0x9e, 0x37, 0x79, 0xb9, 0x7f, 0x4a, 0x7c, 0x15, 0xf3, 0x9c, 0xc0, 0x60, 0x5c, 0xed, 0xc8,
        0x34,
    ]

    /// Makes everything black, removing any earlier image, and marks the rows.
    func clear(_ room: ImageRoom) {
        base.update(repeating: 0, count: room.byteCount)
        for row in 0..<room.height {
            (base + row * room.stride).update(from: Self.mark, count: Self.markSize(room.stride))
        }
    }

    /// A row of an image that was not written since `clear`; nil if there is none. A row of a
    /// narrow image may equal the mark by chance, so all of its rows must.
    func unwrittenRow(of place: ImagePlace) -> Int? {
        let size = Self.markSize(place.width * ABI.imageChannels)
        let rows = (0..<place.height).filter { row in
            memcmp(base + row * place.stride, Self.mark, size) == 0
        }
        return size == Self.mark.count || rows.count == place.height ? rows.first : nil
    }

    private static func markSize(_ bytes: Int) -> Int { min(bytes, mark.count) }
}
