import FoundationEssentials

/// The address of a running host, as `--url` gives it.
package struct HostURL: Sendable, Equatable, CustomStringConvertible {
    package let address: ListenAddress
    /// What stands before the routes, without a slash at its end.
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

    /// What a path that was typed here is for the host: on this machine it starts where the command was
    /// typed. A file name that is not there is left for the host to search for.
    func path(_ typed: String) -> String {
        let here = FileManager.default.currentDirectoryPath
        guard address.isLoopback, !typed.hasPrefix("/"), !typed.hasPrefix("~"),
            typed.contains("/") || Paths.exists(typed)
        else { return typed }
        return here + "/" + (typed.hasPrefix("./") ? String(typed.dropFirst(2)) : typed)
    }

    package var description: String { "http://\(address)\(prefix)" }
}
