#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The names in a directory.
struct Directory {
    let path: String
    /// Sorted.
    let names: [String]

    /// Nil if `path` is not a directory that can be listed.
    init?(_ path: String) {
        guard let handle = opendir(path) else { return nil }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        self.path = path
        self.names = names.sorted()
    }

    /// Whether anything exists at `path`.
    static func holds(_ path: String) -> Bool { access(path, F_OK) == 0 }

    func has(_ name: String) -> Bool { names.contains(name) }

    func path(of name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }
}
