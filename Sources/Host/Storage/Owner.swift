import PluginHost

/// To whom something that the host keeps belongs: all who ask with one API key.
package struct Owner: Sendable, Hashable {
    /// As it is stored: nothing that a key could be guessed from faster than by trying keys.
    package let name: String

    /// Those who need no key, and those with an admin key.
    package static let host = Owner(name: "")

    package init(key: String) {
        name = String(SHA256.hexadecimal(Array(key.utf8)).prefix(32))
    }

    private init(name: String) {
        self.name = name
    }
}
