extension DecodingError {
    /// Which key is wrong, and how.
    package var fact: String {
        switch self {
        case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case .valueNotFound(_, let context), .typeMismatch(_, let context):
            "'\(path(context))' is of the wrong kind: \(context.debugDescription)"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "not JSON: \(context.debugDescription)"
                : "'\(path(context))': \(context.debugDescription)"
        @unknown default: String(describing: self)
        }
    }

    private func path(_ context: Context) -> String {
        context.codingPath.map(\.stringValue).joined(separator: ".")
    }
}

/// The keys of an object, whatever their values.
package struct ObjectKeys: Decodable {
    package let names: Set<String>

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        names = Set(container.allKeys.map(\.stringValue))
    }
}
