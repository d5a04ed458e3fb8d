import Foundation
import TensorRuntime
import Testing

@Suite struct MalformedFileTests {
    private static let folder = Fixtures.committed("gguf-quants/malformed")

    static let refused = Fixtures.files(folder).map(\.lastPathComponent)
        .filter { !$0.hasPrefix("ok-") }

    @Test func allOfThemAreThere() { #expect(Self.refused.count == 36) }

    @Test(arguments: refused)
    func aBrokenFileIsAnErrorThatNamesIt(_ name: String) throws {
        let error = try #require(throws: CheckpointError.self) { try Self.open(name) }
        #expect("\(error)".contains(name.hasSuffix(".gguf") ? name : "model.safetensors"))
    }

    /// A GGUF file as it is, a safetensors file as the weights of a directory.
    static func open(_ name: String) throws -> Checkpoint {
        let url = folder.appending(path: name)
        if name.hasSuffix(".gguf") { return try Checkpoint.open(url.path) }
        let scratch = try Scratch()
        _ = try scratch.file("config.json", "{}".utf8)
        _ = try scratch.file("model.safetensors", Data(contentsOf: url))
        return try Checkpoint.open(scratch.folder.path)
    }
}
