import JSON
import PluginHost

/// What tells requests from others by what the model gets to see of them; nothing can be read from it.
enum Fingerprint {
    /// - Parameter parts: the kind of the request among them.
    static func of(_ parts: any Hashable...) -> Int {
        var hasher = Hasher()
        for part in parts { part.hash(into: &hasher) }
        return hasher.finalize()
    }
}

extension ModelSupervisor {
    /// Refuses a request that took the model down not long ago.
    func check(_ fingerprint: @autoclosure () -> Int) throws(EngineError) {
        if let wait = refusal(of: fingerprint) { throw .takesModelDown(retryAfter: wait) }
    }
}

extension ImageRequest {
    /// The seed, which is another every time where none is given, does not make another request of it.
    var fingerprint: Int {
        Fingerprint.of(
            "image", ExactString(prompt), ExactString(negative), width, height, steps, extraJSON,
            initial?.picture.rgb)
    }
}
