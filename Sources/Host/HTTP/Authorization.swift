import HTTPTypes
import Hummingbird
import NIOCore

/// Decides who may use which route.
///
/// The admin routes need an admin key: one of the settings, else the host's own, which is accepted
/// only from this machine and not through a proxy. If there are API keys, inference needs one of
/// them or an admin key. If there are none, it answers only this machine, and of browsers only the
/// host's own page: a request with a foreign `Host` or `Origin` is refused, so that no web page can
/// reach the models through a visitor's browser.
struct Authorization: Sendable {
    let apiKeys: [String]
    let adminKeys: [String]
    /// The key that the host created because the settings name none; nil if it could not store one.
    let ownAdminKey: String?
    let origins: CrossOrigin

    /// - Returns: who asks.
    /// - Throws: `APIError.missingKey`, `.missingAdminKey`, `.wrongKey` or `.forbidden`.
    func check(
        _ scope: Scope, _ dialect: any Dialect, _ request: Request, _ channel: any Channel
    ) throws -> Owner {
        let sent = dialect.keys(in: request.headers)
        switch scope {
        case .open: break
        case .inference where apiKeys.isEmpty: try checkLocal(request, channel)
        case .inference:
            let missing = APIError.missingKey(headers: dialect.keyHeaders.map(\.example))
            let known = apiKeys + adminKeys + [ownAdminKey].compactMap { $0 }
            let key = try check(sent, among: known, missing: missing)
            return apiKeys.contains(key) ? Owner(key: key) : .host
        case .admin where adminKeys.isEmpty: try checkOwnAdmin(sent, request, channel)
        case .admin: _ = try check(sent, among: adminKeys, missing: .missingAdminKey)
        }
        return .host
    }

    private func checkOwnAdmin(
        _ sent: [String], _ request: Request, _ channel: any Channel
    ) throws {
        guard let ownAdminKey else {
            throw APIError.forbidden(
                "the admin routes are closed: the host can keep no key in its data folder; set "
                    + "server.admin_keys")
        }
        try checkLocalAdmin(request, channel)
        _ = try check(sent, among: [ownAdminKey], missing: .missingAdminKey)
    }

    /// - Returns: the first of the known keys that was sent.
    private func check(_ sent: [String], among keys: [String], missing: APIError) throws -> String {
        if sent.isEmpty { throw missing }
        var known: String?
        for candidate in keys {
            for key in sent where Self.equal(candidate, key) { known = known ?? candidate }
        }
        guard let known else { throw APIError.wrongKey }
        return known
    }

    /// Takes the same time wherever the texts differ, to resist timing attacks.
    static func equal(_ left: String, _ right: String) -> Bool {
        let a = Array(left.utf8)
        let b = Array(right.utf8)
        var difference = UInt8(truncatingIfNeeded: a.count ^ b.count) | (a.count == b.count ? 0 : 1)
        for index in b.indices {
            difference |= b[index] ^ (a.isEmpty ? 0 : a[index % a.count])
        }
        return difference == 0
    }

    private func checkLocalAdmin(_ request: Request, _ channel: any Channel) throws {
        if Self.isForwarded(request) || !Self.isLocal(channel) {
            throw APIError.forbidden(
                "without server.admin_keys the admin routes answer this machine only")
        }
        try checkLocal(request, channel)
    }

    /// Whether a proxy has passed the request on, as its headers tell.
    private static func isForwarded(_ request: Request) -> Bool {
        request.headers.contains { field in
            let name = field.name.canonicalName
            return forwarding.contains(name) || name.hasPrefix("x-forwarded-")
        }
    }

    private static let forwarding: Set<String> = [
        "cdn-loop", "cf-connecting-ip", "cf-ray", "client-ip", "fastly-client-ip",
        "fly-client-ip", "forwarded", "proxy-connection", "true-client-ip", "via",
        "x-amzn-trace-id", "x-appengine-user-ip", "x-azure-clientip", "x-client-ip",
        "x-cluster-client-ip", "x-envoy-external-address", "x-forwarded",
        "x-original-forwarded-for", "x-original-host", "x-originating-ip", "x-proxyuser-ip",
        "x-real-ip", "x-remote-addr", "x-remote-ip",
    ]

    private func checkLocal(_ request: Request, _ channel: any Channel) throws {
        guard Self.isLocal(channel) else {
            throw APIError.forbidden("without server.api_keys this route answers this machine only")
        }
        let host = request.head.authority ?? ""
        guard ListenAddress.isLoopback(Self.name(of: host)) else {
            throw APIError.forbidden(
                "the Host header is '\(host.prefix(128))', expected this machine; "
                    + "set server.api_keys to serve under another name")
        }
        if let origin = request.headers[.origin], !isOwn(origin, host: host),
            !origins.allows(origin)
        {
            throw APIError.forbidden(
                "pages of '\(origin.prefix(128))' may not call this host; see server.cors_origins")
        }
    }

    private func isOwn(_ origin: String, host: String) -> Bool {
        origin == "http://\(host)" || origin == "https://\(host)"
    }

    private static func isLocal(_ channel: any Channel) -> Bool {
        switch channel.remoteAddress {
        case .some(.unixDomainSocket): true
        case .some(let address): address.ipAddress.map(isLoopbackAddress) ?? false
        case nil: false
        }
    }

    private static func isLoopbackAddress(_ address: String) -> Bool {
        let mapped = "::ffff:"
        let plain =
            address.lowercased().hasPrefix(mapped)
            ? String(address.dropFirst(mapped.count)) : address
        return ListenAddress.isLoopback(plain)
    }

    /// The name in a Host header, without its port and without the brackets of an IPv6 address.
    private static func name(of host: String) -> String {
        if host.hasPrefix("[") { return String(host.dropFirst().prefix { $0 != "]" }) }
        return String(host.prefix { $0 != ":" }).lowercased()
    }
}
