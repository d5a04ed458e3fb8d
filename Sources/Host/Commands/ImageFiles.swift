import ArgumentParser
import FoundationEssentials

/// Where a command stores its images.
struct ImageFiles: Sendable {
    private let paths: [String]
    private let force: Bool

    init(_ path: String, _ count: Int, force: Bool) {
        self.force = force
        guard count > 1 else {
            paths = [path]
            return
        }
        let ending = path.lowercased().hasSuffix(".png") ? String(path.suffix(4)) : ""
        let stem = path.dropLast(ending.count)
        paths = (1...count).map { "\(stem)-\($0)\(ending)" }
    }

    /// The words of a prompt as the name of a file.
    static func name(after prompt: String) -> String {
        let words = prompt.lowercased().split { !$0.isLetter && !$0.isNumber }
        let stem = String(words.joined(separator: "-").prefix(60))
        return (stem.isEmpty ? "picture" : stem) + ".png"
    }

    /// Checks before the work is done whether its result can be saved.
    ///
    /// - Throws: `ValidationError`.
    func check() throws {
        for path in paths {
            if !force, FileManager.default.fileExists(atPath: path) {
                throw ValidationError(
                    "\(path) is there already; name another with -o, or use --force")
            }
            let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            let parent = folder.isEmpty ? "." : folder.joined(separator: "/") + "/"
            guard FileManager.default.isWritableFile(atPath: parent) else {
                throw ValidationError("cannot write into the folder \(parent)")
            }
        }
    }

    /// - Returns: the path of the file.
    func write(_ base64: String, at index: Int) throws -> String {
        guard let data = Data(base64Encoded: base64), paths.indices.contains(index) else {
            throw ClientError.notUnderstood("image \(index) of the stream is none")
        }
        let path = paths[index]
        try FileWriter.write([UInt8](data), to: path, overwrites: force)
        return path
    }
}
