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

    package var description: String { "http://\(address)\(prefix)" }
}
