import Glibc

/// Opens a file for reading.
func openFile(_ path: String) throws -> Int32 {
    let descriptor = SpareFiles.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw StagingError.unreadable(path: path, errno: errno) }
    return descriptor
}

/// The whole content of a regular file, or its first `limit` bytes.
func readFile(_ path: String, atMost limit: Int = .max) throws -> [UInt8] {
    let descriptor = try openFile(path)
    defer { close(descriptor) }
    _ = try FileIdentity(of: descriptor, at: path)
    var content: [UInt8] = []
    try forEachPiece(of: descriptor, path) { piece in
        content.append(contentsOf: piece.prefix(limit - content.count))
        return content.count < limit
    }
    return content
}

/// Reads a file to its end, or until `body` has enough of it.
func forEachPiece(
    of descriptor: Int32, _ path: String, _ body: (UnsafeRawBufferPointer) throws -> Bool
) throws {
    try withUnsafeTemporaryAllocation(byteCount: 1 << 17, alignment: 64) { piece in
        while true {
            let count = read(descriptor, piece.baseAddress!, piece.count)
            if count == 0 { return }
            if count > 0 {
                guard try body(UnsafeRawBufferPointer(rebasing: piece[..<count])) else { return }
            } else if errno != EINTR {
                throw StagingError.unreadable(path: path, errno: errno)
            }
        }
    }
}

/// Copies a file to one that is either whole or absent: a temporary name, `fsync`, then `rename`.
///
/// - Parameter hash: the SHA-256 that the content must have.
/// - Throws: ``StagingError``; `.changing` where the content has another.
func copyFile(_ source: String, to path: String, hash: String, mode: mode_t) throws {
    let input = try openFile(source)
    defer { close(input) }
    let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).part"
    let output = SpareFiles.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard output >= 0 else { throw StagingError.unwritable(path: path, errno: errno) }
    do {
        defer { close(output) }
        var written = SHA256()
        try forEachPiece(of: input, source) { piece in
            written.update(piece)
            try writeAll(piece, to: output, path)
            return true
        }
        guard written.hexadecimal == hash else { throw StagingError.changing(path: source) }
        guard fsync(output) == 0, rename(temporary, path) == 0 else {
            throw StagingError.unwritable(path: path, errno: errno)
        }
    } catch {
        unlink(temporary)
        throw error
    }
}

private func writeAll(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String
) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = write(
            descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count >= 0 {
            rest = rest.dropFirst(count)
        } else if errno != EINTR {
            throw StagingError.unwritable(path: path, errno: errno)
        }
    }
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
