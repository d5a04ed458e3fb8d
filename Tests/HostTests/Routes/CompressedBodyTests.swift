import Engine
import Foundation
import Host
import JSON
import Testing

/// Bodies that were compressed on their way: RFC 9110, section 8.4.
@Suite(.timeLimit(.minutes(5))) struct CompressedBodyTests {
    /// `id,title`, `1,bread`, `2,tea`, as gzip wrote it.
    static let table = bytes("H4sIAAAAAAACA8tM0SnJLMlJ5TLUSSpKTUzhMtIpSU3kAgD3ePDuFwAAAA==")
    /// `{"model": "markov", "text": "a", "add_special": false}` as gzip and as zlib wrote it.
    private static let gzip = bytes(
        "H4sIAAAAAAACA6tWys1PSc1RslJQyk0sys4vU9JRUCpJrSgBiSSCOIkpKfHFBanJmYkgVWmJOcWptQAdlZ6oNgAAAA=="
    )
    private static let zlib = bytes(
        "eJyrVsrNT0nNUbJSUMpNLMrOL1PSUVAqSa0oAYkkgjiJKSnxxQWpyZmJIFVpiTnFqbUAza4RLg==")
    private static func bytes(_ base64: String) -> [UInt8] {
        [UInt8](Data(base64Encoded: base64) ?? Data())
    }

    private func post(_ bytes: [UInt8], coded coding: String) async throws -> Answer {
        try await TestHost.shared().client.send(
            "POST", "/v1/tokenize", bytes: bytes, headers: [("content-encoding", coding)])
    }

    @Test(arguments: ["gzip", "x-gzip", "GZIP", "identity, gzip"])
    func gzipIsRead(coding: String) async throws {
        let answer = try await post(Self.gzip, coded: coding)
        #expect(answer.status == 200 && answer.json["count"] == 1, "\(answer.text)")
    }

    @Test func deflateIsRead() async throws {
        #expect(try await post(Self.zlib, coded: "deflate").status == 200)
    }

    @Test func identityIsNoCoding() async throws {
        let body = Array(#"{"model": "markov", "text": "a", "add_special": false}"#.utf8)
        #expect(try await post(body, coded: "identity").status == 200)
    }

    @Test(arguments: ["br", "zstd", "gzip, gzip", "compress"])
    func anotherCodingIsNamed(coding: String) async throws {
        let answer = try await post(Self.gzip, coded: coding)
        #expect(answer.status == 415)
        #expect(answer.error["code"] == "unsupported_content_encoding")
        #expect(answer.error["message"]?.string?.contains("'\(coding)'") == true)
        #expect(answer.headers["accept-encoding"] == "gzip, deflate")
    }

    @Test func whatIsNotCompressedOrNotWholeIsTheClientsMistake() async throws {
        for body in [Array("{}".utf8), Array(Self.gzip.dropLast(4)), Self.gzip + [1, 2]] {
            let answer = try await post(body, coded: "gzip")
            #expect(answer.status == 400)
            #expect(answer.error["message"]?.string?.contains("compressed data") == true)
        }
    }

    @Test func theLimitOfABodyCountsWhatComesOut() async throws {
        let host = try await TestHost(server: "max_body = \"16KB\"")
        let answer = try await host.client.send(
            "POST", "/v1/tokenize", bytes: Self.spaces, headers: [("content-encoding", "gzip")])
        #expect(answer.status == 413, "\(answer.text)")
        try await host.stop()
    }

    /// `{}` behind twenty thousand spaces.
    private static let spaces = bytes(
        "H4sIAAAAAAACA+3BQREAAAwCoCr29Oy+GnsACQAAAAAAAAAAAAAAAAAAAAAA"
            + "AAAfdAdIkvJiIk4AAA==")
}
