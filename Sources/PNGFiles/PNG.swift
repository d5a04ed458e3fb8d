import CPNG
package import PluginHost

/// Images as PNG files, by libpng's interface that reports errors without long jumps.
package enum PNG {
    /// Why an image cannot be read or written.
    package struct Failure: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// - Throws: `Failure` when there is no memory for it.
    package static func encoded(_ image: RGBImage) throws -> [UInt8] {
        var png = header()
        png.width = UInt32(image.width)
        png.height = UInt32(image.height)
        png.format = UInt32(PNG_FORMAT_FLAG_COLOR)
        defer { png_image_free(&png) }
        let bound = roost_png_bound(png)
        return try [UInt8](unsafeUninitializedCapacity: bound) { bytes, count in
            var size = bound
            guard
                png_image_write_to_memory(
                    &png, bytes.baseAddress, &size, 0, image.rgb, 0, nil) != 0
            else { throw failure(png) }
            count = Int(size)
        }
    }

    /// Reads a file; transparent parts are put on white.
    ///
    /// - Parameter limit: the longest side that is read.
    /// - Throws: `Failure` if it is not a PNG file, or too large; nothing of its size is allocated
    ///   then.
    package static func decoded(
        _ bytes: [UInt8], limit: Int = ImageCapabilities.longestSide
    ) throws -> RGBImage {
        var image = header()
        defer { png_image_free(&image) }
        return try bytes.withUnsafeBytes { bytes in
            guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0
            else { throw failure(image) }
            let (width, height) = (Int(image.width), Int(image.height))
            guard width <= limit, height <= limit else {
                throw Failure(
                    description: "\(width)x\(height) pixels, expected up to \(limit)x\(limit)")
            }
            let room = roost_png_size(bytes.baseAddress, bytes.count)
            guard roost_png_holds_more(bytes.baseAddress, bytes.count, room) == 0 else {
                throw Failure(
                    description: "it holds more than the \(width)x\(height) pixels of its header")
            }
            image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
            let size = width * height * ABI.imageChannels
            let rgb = try [UInt8](unsafeUninitializedCapacity: size) { rgb, count in
                var white = png_color(red: 255, green: 255, blue: 255)
                guard png_image_finish_read(&image, &white, rgb.baseAddress, 0, nil) != 0 else {
                    throw failure(image)
                }
                count = size
            }
            return RGBImage(width: width, height: height, rgb: rgb)
        }
    }

    private static func header() -> png_image {
        var image = png_image()
        image.version = UInt32(PNG_IMAGE_VERSION)
        return image
    }

    private static func failure(_ image: png_image) -> Failure {
        var image = image
        return Failure(description: String(cString: roost_png_message(&image)))
    }
}
