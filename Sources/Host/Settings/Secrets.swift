import FoundationEssentials

/// Reads keys from the settings file itself, the environment or a separate file.
struct Secrets {
    let paths: Paths

    /// - Parameter text: `env:NAME`, `file:PATH` or the key.
    /// - Returns: the key, or why there is none; never a part of a key.
    func read(_ text: String) -> Result<String, Refusal> {
        if text.hasPrefix("env:") {
            let name = String(text.dropFirst(4))
            guard let value = paths.environment[name] else {
                return .failure(Refusal(reason: "the environment variable \(name) is not set"))
            }
            return nonEmpty(value, from: "the environment variable \(name)")
        }
        if text.hasPrefix("file:") {
            let path = paths.absolute(String(text.dropFirst(5)))
            guard let data = FileManager.default.contents(atPath: path) else {
                return .failure(Refusal(reason: "cannot read the file \(path)"))
            }
            return nonEmpty(String(decoding: data, as: UTF8.self), from: "the file \(path)")
        }
        return nonEmpty(text, from: "the key")
    }

    private func nonEmpty(_ text: String, from place: String) -> Result<String, Refusal> {
        let key = text.trimmed
        if key.isEmpty { return .failure(Refusal(reason: "\(place) is empty")) }
        guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return .failure(Refusal(reason: "\(place) has blanks or characters beyond ASCII"))
        }
        return .success(key)
    }

    struct Refusal: Error {
        let reason: String
    }
}
