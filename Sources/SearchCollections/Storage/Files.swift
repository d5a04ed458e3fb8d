import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Files and folders of the collections.
enum Files {
    static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw CollectionError.cannotOpen(path: path, reason: "\(error)")
        }
    }

    static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }

    static func contents(of folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    /// Whether the disk has space for a small file, as far as it tells.
    static func hasRoom(beside path: String) -> Bool {
        var facts = statvfs()
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        guard statvfs(folder, &facts) == 0 else { return true }
        return UInt(facts.f_bavail) * UInt(facts.f_frsize) >= 64 << 10
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
    }

    static func rename(_ from: String, _ to: String) -> Bool {
        #if canImport(Glibc)
            Glibc.rename(from, to) == 0
        #else
            Darwin.rename(from, to) == 0
        #endif
    }

    /// Sixteen random hexadecimal digits: no client's name ever becomes a file name.
    static func randomName() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    static func isRandomName(_ name: String) -> Bool {
        name.utf8.count == 16 && name.allSatisfy { $0.isHexDigit && !$0.isUppercase }
    }
}
