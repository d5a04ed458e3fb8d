import HTTPTypes
import Hummingbird

/// All routes of the host, each with the API that it is of.
struct RouteTable: Sendable {
    struct Entry: Sendable {
        let route: Route
        let dialect: any Dialect
    }

    let entries: [Entry]
    private let dialects: [any Dialect]

    /// Those of a version also without it in front, as some clients write them.
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

    /// In which API a request at this path is answered when no route has done so: that of a route there, else
    /// of one below the same first name, else the first.
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
