import Deflate
import HTTPTypes

/// How the body of a request was compressed on its way: RFC 9110, section 8.4.
enum ContentCoding {
    static let accepted = "gzip, deflate"

    /// - Returns: nil for an uncompressed body.
    /// - Throws: `APIError.unsupportedCoding`, also for several codings one within the other.
    static func format(_ headers: HTTPFields) throws(APIError) -> Inflater.Format? {
        guard let value = headers[.contentEncoding] else { return nil }
        let names = value.split(separator: ",").map { name in
            name.filter { $0 != " " && $0 != "\t" }.lowercased()
        }
        let codings = names.filter { !$0.isEmpty && $0 != "identity" }
        guard let coding = codings.first else { return nil }
        guard codings.count == 1 else { throw .unsupportedCoding(value) }
        switch coding {
        case "gzip", "x-gzip": return .gzip
        case "deflate": return .zlib
        default: throw .unsupportedCoding(coding)
        }
    }
}
