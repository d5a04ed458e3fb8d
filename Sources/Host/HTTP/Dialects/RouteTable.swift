import HTTPTypes
import Hummingbird

/// All routes of the host, each with its dialect.
struct RouteTable: Sendable {
    struct Entry: Sendable {
        let route: Route
        let dialect: any Dialect
    }

    private let entries: [Entry]
    private let dialects: [any Dialect]

    /// Versioned routes are also added without their version, as some clients write them.
    init(_ dialects: [any Dialect], on backend: Backend) {
        self.dialects = dialects
        let versioned = dialects.flatMap { dialect in
            dialect.routes(on: backend).map { Entry(route: $0, dialect: dialect) }
        }
        entries =
            versioned
            + versioned.compactMap { entry in
                entry.route.withoutVersion.map { Entry(route: $0, dialect: entry.dialect) }
            }
    }

    /// The routes of one method and path together: several APIs may have one there.
    var addresses: [[Entry]] {
        var order: [String] = []
        var found: [String: [Entry]] = [:]
        for entry in entries {
            let address = "\(entry.route.method) \(entry.route.path)"
            if found[address] == nil { order.append(address) }
            found[address, default: []].append(entry)
        }
        return order.compactMap { found[$0] }
    }

    /// In which API a request is answered when no route has done so: that of a route at its path, else of one
    /// below the same first name, else the first.
    func dialect(of request: Request) -> any Dialect {
        let parts = request.uri.path.split(separator: "/")
        let here = entries.filter { $0.route.path.matches(parts) }
        let near = entries.filter {
            $0.route.path.components.first?.description == parts.first.map(String.init)
        }
        let entry = (here.isEmpty ? near : here).entry(of: request)
        return entry?.dialect ?? dialects[0]
    }

    /// The methods of the routes at this path.
    func methods(at path: String) -> [String] {
        let parts = path.split(separator: "/")
        return addresses.map { $0[0].route }.filter { $0.path.matches(parts) }
            .map(\.method.rawValue)
    }
}

extension [RouteTable.Entry] {
    /// The one whose API the request names, else the first.
    func entry(of request: Request) -> RouteTable.Entry? {
        first { $0.dialect.isNamed(by: request.headers) } ?? first
    }
}
