import Host
import Testing

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1", 8080, true), ("localhost:0", "localhost", 0, true),
        ("[::1]:80", "::1", 80, true), ("127.1.2.3:1", "127.1.2.3", 1, true),
        ("0.0.0.0:1", "0.0.0.0", 1, false), ("[::]:1", "::", 1, false),
        ("127.evil.example:1", "127.evil.example", 1, false),
        ("127.0.0.1.example:1", "127.0.0.1.example", 1, false),
        ("127.0.0.256:1", "127.0.0.256", 1, false),
    ])
    func addressesAreReadAndToldApart(text: String, host: String, port: Int, isLoopback: Bool)
        throws
    {
        let address = try #require(ListenAddress(text))
        #expect(address == ListenAddress(host: host, port: port))
        #expect(address.isLoopback == isLoopback)
        #expect(address.description == text)
    }

    @Test(arguments: [
        "", "8080", "host", "host:", ":80", "host:99999", "host:-1", "::1:80", "a b:1",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test(arguments: [
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"), ("localhost", "http://localhost:80"),
        ("example.org/roost/", "http://example.org:80/roost"),
        ("http://[::1]:9/x", "http://[::1]:9/x"),
    ])
    func addressesOfHostsMayBeShort(text: String, full: String) throws {
        #expect(try #require(HostURL(text)).description == full)
    }

    @Test(arguments: ["https://example.org", "http://", "http://:80", "ftp://a:1"])
    func addressesThatCannotBeReachedAreRefused(text: String) {
        #expect(HostURL(text) == nil)
    }
}
