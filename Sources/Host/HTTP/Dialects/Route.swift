package import Hummingbird

/// Who may use a route.
package enum Scope: Sendable {
    /// Everybody.
    case open
    /// Holders of an API key; everybody on this machine while there is none.
    case inference
    /// Holders of an admin key.
    case admin
}

/// One method of one path, and what answers it.
package struct Route: Sendable {
    let method: HTTPRequest.Method
    let path: RouterPath
    let scope: Scope
    let respond: @Sendable (Request, HTTPContext) async throws -> Response

    package init(
        _ method: HTTPRequest.Method, _ path: RouterPath, _ scope: Scope,
        _ respond: @escaping @Sendable (Request, HTTPContext) async throws -> Response
    ) {
        self.method = method
        self.path = path
        self.scope = scope
        self.respond = respond
    }

    /// The same route without `/v1`; nil for routes without a version, and for those only the page
    /// uses.
    var withoutVersion: Route? {
        let (path, version) = (path.description, "/v1")
        guard path.hasPrefix(version + "/"), !path.hasPrefix("/v1/conversations") else {
            return nil
        }
        return Route(method, RouterPath(String(path.dropFirst(version.count))), scope, respond)
    }
}

extension RouterPath {
    /// Whether the parts of a request's path, between its slashes, are one of this route's.
    func matches(_ parts: [Substring]) -> Bool {
        for (index, component) in components.enumerated() {
            let name = component.description
            if name == "**" { return parts.count > index }
            guard index < parts.count, name.hasPrefix("{") || name == parts[index] else {
                return false
            }
        }
        return parts.count == components.count
    }
}
