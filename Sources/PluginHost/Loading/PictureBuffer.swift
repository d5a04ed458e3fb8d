/// The host's memory for a picture.
struct PictureBuffer {
    let base: UnsafeMutablePointer<UInt8>

    /// Copies the top left part of a picture.
    ///
    /// - Parameter stride: bytes from one row to the next.
    func picture(width: Int, height: Int, stride: Int) -> Picture {
        let bytes = width * ImageCapabilities.bytesPerPixel
        let rgb = [UInt8](unsafeUninitializedCapacity: bytes * height) { rgb, count in
            for row in 0..<height {
                (rgb.baseAddress! + row * bytes).initialize(
                    from: base + row * stride, count: bytes)
            }
            count = bytes * height
        }
        return Picture(width: width, height: height, rgb: rgb)
    }
}

/// Where in a buffer a picture was put.
package struct PicturePlace: Equatable {
    var width: Int
    var height: Int
    /// Bytes from one row to the next.
    var stride: Int

    /// - Throws: `.broken` for a picture that does not fit into the host's buffer.
    func check(in room: (width: Int, height: Int), step: CallStep) throws {
        let row = room.width * ImageCapabilities.bytesPerPixel
        guard stride == row else {
            throw ModelFailure.broken(
                step: step.name,
                reason: "row_stride was changed to \(stride), expected the host's \(row)")
        }
        guard (1...room.width).contains(width), (1...room.height).contains(height) else {
            throw ModelFailure.broken(
                step: step.name,
                reason: "a picture of \(width)x\(height), expected at most "
                    + "\(room.width)x\(room.height) in the host's buffer")
        }
    }
}
