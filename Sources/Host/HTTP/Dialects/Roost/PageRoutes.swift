import CPages
import HTTPTypes
import Hummingbird

/// The page at `/` and its files below `/assets`.
struct PageRoutes {
    private let files: [String: PageFile]

    init() {
        let pages = UnsafeBufferPointer(
            start: UnsafeRawPointer(roost_page_table()).assumingMemoryBound(to: roost_page.self),
            count: roost_page_count)
        files = Dictionary(uniqueKeysWithValues: pages.map { ($0.name.text, PageFile($0)) })
    }

    var routes: [Route] {
        [
            Route(.get, "/", .open) { request, _ in try answer("index.html", request) },
            Route(.get, "/assets/{name}", .open) { request, context in
                try answer(context.parameters.get("name") ?? "", request)
            },
        ]
    }

    private func answer(_ name: String, _ request: Request) throws -> Response {
        guard let file = files[name] else {
            throw APIError.unknown("there is no file '\(name.prefix(128))'")
        }
        if request.headers[.ifNoneMatch] == file.tag {
            return Response(status: .notModified, headers: file.headers)
        }
        return Response(
            status: .ok, headers: file.headers, body: ResponseBody(byteBuffer: file.content))
    }
}

/// A file of the page, ready to be sent.
private struct PageFile {
    let tag: String
    let headers: HTTPFields
    let content: ByteBuffer

    /// Only the host's own scripts run, and nothing is fetched from elsewhere.
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        + "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'"

    init(_ page: roost_page) {
        let bytes = UnsafeRawBufferPointer(start: page.bytes, count: page.length)
        content = ByteBuffer(bytes: bytes)
        tag = "\"\(String(Self.fingerprint(bytes), radix: 16))\""
        headers = [
            .contentType: page.content_type.text, .eTag: tag,
            .cacheControl: "no-cache", .contentSecurityPolicy: Self.policy,
            .xContentTypeOptions: "nosniff", .referrerPolicy: "no-referrer",
        ]
    }

    /// FNV-1a, 64 bits.
    private static func fingerprint(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }
}

extension UnsafePointer<CChar> {
    fileprivate var text: String { String(cString: self) }
}
