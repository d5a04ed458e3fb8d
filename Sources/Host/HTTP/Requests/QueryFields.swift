import Hummingbird

/// The query parameters of a URL, read with errors that name them.
struct QueryFields {
    private let values: [(name: String, value: String)]

    /// - Throws: `APIError.invalid` for a parameter that is not among `known`.
    init(_ request: Request, known: [String]) throws {
        let pairs = (request.uri.query ?? "").split(separator: "&")
        values = try pairs.map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let (name, value) = (
                Self.decoded(parts[0]), Self.decoded(parts.count > 1 ? parts[1] : "")
            )
            guard let name, known.contains(name) else {
                throw APIError.invalid(
                    param: String(parts[0].prefix(64)),
                    "is no parameter of this address, expected \(known.joined(separator: ", "))")
            }
            guard let value else {
                throw APIError.invalid(param: name, "is not percent-coded UTF-8")
            }
            return (name, value)
        }
    }

    /// As forms write it: `+` is a blank.
    private static func decoded(_ text: Substring) -> String? {
        String(text).replacing("+", with: "%20").percentDecoded
    }

    /// The last value that is not empty.
    func string(_ name: String) -> String? {
        values.last { $0.name == name && !$0.value.isEmpty }?.value
    }

    /// The names in a comma-separated list; a repeated parameter has one name each, which may
    /// contain commas.
    func names(_ name: String) -> [String]? {
        let all = values.filter { $0.name == name && !$0.value.isEmpty }.map(\.value)
        switch all.count {
        case 0: return nil
        case 1: return all[0].split(separator: ",").map { $0.trimmed }.filter { !$0.isEmpty }
        default: return all
        }
    }

    func bool(_ name: String) throws -> Bool? {
        switch string(name) {
        case nil: return nil
        case "true", "1": return true
        case "false", "0": return false
        default: throw APIError.invalid(param: name, "is neither true nor false")
        }
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = string(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw APIError.invalid(
                param: name,
                "is no integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func choice<Choice: RawRepresentable & CaseIterable>(_ name: String) throws -> Choice?
    where Choice.RawValue == String {
        guard let text = string(name) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let words = Choice.allCases.map(\.rawValue).joined(separator: " or ")
        throw APIError.invalid(param: name, "is unknown, expected \(words)")
    }
}
