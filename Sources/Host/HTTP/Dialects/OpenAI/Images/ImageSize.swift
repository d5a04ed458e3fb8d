import PluginHost

/// Pixels of an image.
struct ImageSize: Equatable, Sendable, CustomStringConvertible {
    let width: Int
    let height: Int

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    init(_ room: ImageRoom) {
        self.init(width: room.width, height: room.height)
    }

    /// Reads "WIDTHxHEIGHT"; nil for "auto" and for nothing.
    init?(_ fields: Fields) throws {
        guard let text = try fields.string("size"), text != "auto" else { return nil }
        let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        let range = 1...ImageCapabilities.longestSide
        guard sides.count == 2, let width = sides[0], let height = sides[1],
            range.contains(width), range.contains(height)
        else {
            throw APIError.invalid(
                param: "size",
                "is no size, expected \"WIDTHxHEIGHT\" in pixels up to "
                    + "\(range.upperBound)x\(range.upperBound), or \"auto\"")
        }
        self.init(width: width, height: height)
    }

    func isMultiple(of number: Int) -> Bool {
        width % number == 0 && height % number == 0
    }

    var description: String { "\(width)x\(height)" }
}
