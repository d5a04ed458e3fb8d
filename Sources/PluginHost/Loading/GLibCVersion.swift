import Glibc

/// A version of the C library, as `GLIBC_2.34` names it.
struct GLibCVersion: Comparable, CustomStringConvertible {
    let major: Int
    let minor: Int

    /// - Returns: `nil` for other names, such as `GLIBC_PRIVATE` or `GCC_3.0`.
    init?(_ symbolVersion: UnsafeRawBufferPointer) {
        let prefix = "GLIBC_".utf8
        guard symbolVersion.starts(with: prefix), symbolVersion.count < 64 else { return nil }
        self.init(number: Substring(decoding: symbolVersion.dropFirst(prefix.count), as: UTF8.self))
    }

    private init?(number: Substring) {
        let parts = number.split(separator: ".").map { Int($0) }
        guard parts.count >= 2, let major = parts[0], let minor = parts[1] else { return nil }
        self.major = major
        self.minor = minor
    }

    /// The one that this process runs on.
    static let running: GLibCVersion? = {
        var text = [CChar](repeating: 0, count: 64)  // "glibc 2.36"
        guard confstr(Int32(_CS_GNU_LIBC_VERSION), &text, text.count) > 0 else { return nil }
        let name = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        return GLibCVersion(number: name.drop { !$0.isNumber })
    }()

    static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    var description: String { "\(major).\(minor)" }
}
