import HTTPTypes
import Hummingbird

/// All routes of the host, each with its dialect.
struct RouteTable: Sendable {
    struct Entry: Sendable {
        let route: Route
        let dialect: any Dialect
    }

    let entries: [Entry]
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

    /// The dialect that answers a request at this path if no route has: that of a route there, else
    /// of one below the same first component, else the first dialect.
    func dialect(at path: String) -> any Dialect {
        let parts = path.split(separator: "/")
        let entry =
            entries.first { $0.route.path.matches(parts) }
            ?? entries.first {
                $0.route.path.components.first?.description == parts.first.map(String.init)
            }
        return entry?.dialect ?? dialects[0]
    }

    /// The methods of the routes at this path.
    func methods(at path: String) -> [String] {
        let parts = path.split(separator: "/")
        return entries.filter { $0.route.path.matches(parts) }.map(\.route.method.rawValue)
    }
}
