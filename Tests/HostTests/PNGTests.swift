import Host
import PNGFiles
import PluginHost
import Testing

@Suite struct PNGTests {
    private static func noise(_ width: Int, _ height: Int) -> RGBImage {
        var state = UInt64(width * 7919 + height)
        let rgb = (0..<width * height * 3).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(state >> 56)
        }
        return RGBImage(width: width, height: height, rgb: rgb)
    }

    @Test(arguments: [(1, 1), (3, 5), (64, 64), (257, 33)])
    func anImageIsReadAsItWasWritten(width: Int, height: Int) throws {
        let image = Self.noise(width, height)
        let file = try PNG.encoded(image)
        #expect(file.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
        #expect(try PNG.decoded(file) == image)
    }

    /// A slope takes a small part of its pixels' bytes: rows are filtered and compressed.
    @Test func aSmoothImageIsSmall() throws {
        let rgb = (0..<256 * 256).flatMap { place -> [UInt8] in
            [UInt8(place % 256), UInt8(place / 256), 128]
        }
        let file = try PNG.encoded(RGBImage(width: 256, height: 256, rgb: rgb))
        #expect(file.count < rgb.count / 50)
    }

    /// A pixel of red that is half transparent, and one that is wholly so.
    private static let transparent: [UInt8] = [
        137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 2, 0, 0, 0, 1, 8, 6,
        0, 0, 0, 244, 34, 127, 138, 0, 0, 0, 17, 73, 68, 65, 84, 120, 156, 99, 248, 207, 192, 208,
        192, 192, 192, 192, 0, 0, 10, 129, 1, 128, 143, 168, 149, 82, 0, 0, 0, 0, 73, 69, 78, 68,
        174, 66, 96, 130,
    ]

    /// A grey image whose data holds so many bytes, which are not compressed.
    private static func file(width: Int, height: Int, holding count: Int) -> [UInt8] {
        var data: [UInt8] = [0x78, 0x01]
        for start in stride(from: 0, to: count, by: 65535) {
            let size = min(65535, count - start)
            data += [start + size == count ? 1 : 0, UInt8(size & 255), UInt8(size >> 8)]
            data += [UInt8(~size & 255), UInt8(~size >> 8 & 255)]
            data += [UInt8](repeating: 0, count: size)
        }
        data += number(UInt32(count % 65521) << 16 | 1)
        let header = number(UInt32(width)) + number(UInt32(height)) + [8, 0, 0, 0, 0]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
            + chunk("IDAT", data) + chunk("IEND", [])
    }

    private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let named = Array(type.utf8) + data
        let sum = named.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in
                value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0)
            }
        }
        return number(UInt32(data.count)) + named + number(~sum)
    }

    private static func number(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(value >> $0 & 255) }
    }

    @Test func aFileThatHoldsMoreThanItsHeaderSaysIsRefused() throws {
        let (width, height) = (300, 400)
        let exact = (width + 1) * height
        let image = try PNG.decoded(Self.file(width: width, height: height, holding: exact))
        #expect(image.width == width && image.rgb.allSatisfy { $0 == 0 })
        for count in [exact + 1, 3 * exact] {
            let file = Self.file(width: width, height: height, holding: count)
            #expect(throws: PNG.Failure.self) { try PNG.decoded(file) }
        }
    }

    @Test func whatIsTransparentStandsOnWhite() throws {
        let rgb = try PNG.decoded(Self.transparent).rgb
        #expect(rgb[0] == 255 && rgb[1] == rgb[2] && (100..<230).contains(rgb[1]))
        #expect(rgb[3...] == [255, 255, 255])
    }

    @Test func aFileThatIsTooLargeIsRefusedByItsHeader() throws {
        let file = try PNG.encoded(Self.noise(20, 3))
        let error = #expect(throws: PNG.Failure.self) { try PNG.decoded(file, limit: 19) }
        #expect(error?.description == "20x3 pixels, expected up to 19x19")
        // A header that promises a thousand million pixels costs nothing.
        var huge = file
        (huge[16], huge[20]) = (0x7F, 0x7F)
        #expect(throws: PNG.Failure.self) { try PNG.decoded(huge) }
    }

    @Test(arguments: 0..<4) func damagedFilesAreErrorsOrImages(seed: Int) throws {
        let file = try PNG.encoded(Self.noise(16, 16))
        var refused = 0
        for length in stride(from: seed, to: file.count, by: 13) {
            do { _ = try PNG.decoded(Array(file[..<length])) } catch { refused += 1 }
            var bytes = file
            bytes[length] ^= UInt8(1 + (length * 37 + seed) % 255)
            do { _ = try PNG.decoded(bytes) } catch { refused += 1 }
        }
        #expect(refused > file.count / 26)
    }
}
