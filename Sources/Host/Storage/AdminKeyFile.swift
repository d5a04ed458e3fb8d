import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The key of the admin routes that a host creates if its settings name none.
///
/// It is in the data folder, which only the host's user can read, and survives restarts.
package struct AdminKeyFile: Sendable {
    package let path: String

    /// - Parameter folder: `data` of the settings.
    package init(folder: String) {
        path = folder + "/admin.key"
    }

    /// The key, or nil where there is none that can be read.
    package func read() -> String? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        let key = String(decoding: data, as: UTF8.self).trimmed
        return key.isEmpty ? nil : key
    }

    /// The existing key, else a new one. A key that others could have read or written is replaced.
    ///
    /// - Throws: `Failure`.
    package func readOrMake() throws -> String {
        if isPrivate, let key = read() { return key }
        let folder = String(path.dropLast("/admin.key".count))
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw failure("cannot make \(folder)")
        }
        return try make()
    }

    /// Whether only this user can read and write the file.
    private var isPrivate: Bool {
        var facts = stat()
        return lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
            && facts.st_uid == geteuid() && facts.st_mode & 0o077 == 0
    }

    /// Writes a new key beside the file and moves it into place; two hosts that start at the same
    /// moment both use the first one's key.
    private func make() throws -> String {
        let key = Self.random()
        let part = "\(path).\(getpid()).part"
        unlink(part)
        let descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(systemText(errno)) }
        defer { unlink(part) }
        let bytes = Array((key + "\n").utf8)
        let isWritten =
            write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten else { throw failure("it cannot be written") }
        if link(part, path) == 0 { return key }
        guard errno == EEXIST else { throw failure(systemText(errno)) }
        if isPrivate, let first = read() { return first }
        guard rename(part, path) == 0 else { throw failure(systemText(errno)) }
        return key
    }

    private func failure(_ reason: String) -> Failure {
        Failure(
            description: "no key can be kept at \(path): \(reason); set server.admin_keys instead")
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// 256 bits of the system's generator, in hexadecimal.
    private static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
