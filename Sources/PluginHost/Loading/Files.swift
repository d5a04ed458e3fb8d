import Glibc

/// The whole content of a regular file.
func readFile(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw StagingError.unreadable(path: path, errno: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
        throw StagingError.unreadable(path: path, errno: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
        throw StagingError.unreadable(path: path, errno: EISDIR)
    }
    return try readAll(descriptor, expecting: Int(status.st_size), path)
}

private func readAll(_ descriptor: Int32, expecting size: Int, _ path: String) throws -> [UInt8] {
    var content: [UInt8] = []
    content.reserveCapacity(size)
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count == 0 { return content }
        if count > 0 {
            content.append(contentsOf: chunk[..<count])
        } else if errno != EINTR {
            throw StagingError.unreadable(path: path, errno: errno)
        }
    }
}

/// Writes a file that is either whole or absent: a temporary name, `fsync`, then `rename`.
func writeFileAtomically(_ content: [UInt8], to path: String, mode: mode_t) throws {
    let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).part"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw StagingError.unwritable(path: path, errno: errno) }
    let failure = writeAll(content, to: descriptor)
    close(descriptor)
    guard failure == 0, rename(temporary, path) == 0 else {
        let reason = failure != 0 ? failure : errno
        unlink(temporary)
        throw StagingError.unwritable(path: path, errno: reason)
    }
}

/// - Returns: 0, or the `errno` of what failed.
private func writeAll(_ content: [UInt8], to descriptor: Int32) -> Int32 {
    var written = 0
    while written < content.count {
        let count = content.withUnsafeBytes {
            write(descriptor, $0.baseAddress! + written, content.count - written)
        }
        if count >= 0 { written += count } else if errno != EINTR { return errno }
    }
    return fsync(descriptor) == 0 ? 0 : errno
}

/// The names of the entries of a folder, without the dotted ones; empty where it cannot be read.
func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
}

/// Makes a folder and those above it.
func makeFolder(_ path: String, mode: mode_t = 0o700) throws {
    if mkdir(path, mode) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, path != "/" else {
        throw StagingError.unwritable(path: path, errno: errno)
    }
    try makeFolder(parentFolder(of: path), mode: mode)
    guard mkdir(path, mode) == 0 || errno == EEXIST else {
        throw StagingError.unwritable(path: path, errno: errno)
    }
}

func parentFolder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

func lastComponent(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
}
