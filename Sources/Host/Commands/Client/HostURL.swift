import FoundationEssentials

/// The address of a running host, as `--url` gives it.
package struct HostURL: Sendable, Equatable, CustomStringConvertible {
    package let address: ListenAddress
    /// The prefix of the routes, without a trailing slash.
    package let prefix: String

    package init(_ address: ListenAddress) {
        self.address = address
        prefix = ""
    }

    /// `http://127.0.0.1:8080`, also without `http://` or without a port.
    package init?(_ text: String) {
        var rest = text[...]
        if rest.hasPrefix("http://") { rest = rest.dropFirst("http://".count) }
        let authority = String(rest.prefix { $0 != "/" })
        let path = rest.dropFirst(authority.count)
        guard !authority.contains("//"),
            let address = ListenAddress(authority) ?? ListenAddress(authority + ":80")
        else { return nil }
        self.address = address
        prefix = String(path.reversed().drop { $0 == "/" }.reversed())
    }

    /// The path to send to the host: on this machine it is resolved against the current directory.
    /// A file name that does not exist is left for the host to search for.
    func path(_ typed: String) -> String {
        let here = FileManager.default.currentDirectoryPath
        guard address.isLoopback, !typed.hasPrefix("/"), !typed.hasPrefix("~"),
            typed.contains("/") || Paths.exists(typed)
        else { return typed }
        return here + "/" + (typed.hasPrefix("./") ? String(typed.dropFirst(2)) : typed)
    }

    package var description: String { "http://\(address)\(prefix)" }
}
