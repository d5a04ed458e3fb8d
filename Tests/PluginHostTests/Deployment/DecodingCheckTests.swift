import PluginHost
import Testing

/// What a text model's calls on sequences do is looked at once, before it serves.
@Suite struct DecodingCheckTests {
    private struct Lie {
        var macros: [String] = []
        let step: String
        let deed: String
        let says: String
    }

    private static let lies = [
        Lie(
            step: "forward", deed: "forget",
            says: "in forward: seq_len of sequence 0 is 0 afterwards, expected 2"),
        Lie(
            step: "forward", deed: "lazy",
            says: "in forward: row 0 of the logits was not written"),
        Lie(
            step: "seq_len", deed: "lies",
            says: "in forward: seq_len of sequence 0 is 777 afterwards, expected 2"),
        Lie(step: "seq_len", deed: "refuse", says: "in seq_len: it is refused: "),
        Lie(
            step: "seq_clear", deed: "nothing",
            says: "in seq_clear: seq_len of sequence 0 is 2 afterwards, expected 0"),
        Lie(
            step: "seq_truncate", deed: "nothing",
            says: "in seq_truncate: seq_len of sequence 0 is 2 afterwards, expected 1"),
        Lie(
            step: "seq_fork", deed: "nothing",
            says: "in seq_fork: seq_len of sequence 1 is 0 afterwards, expected 1"),
        Lie(
            step: "seq_fork", deed: "empty",
            says: "in seq_fork: the same tokens have other logits afterwards"),
        // It keeps the cache and tells the length.
        Lie(
            step: "seq_clear", deed: "keep",
            says: "in seq_clear: the same tokens have other logits afterwards"),
        Lie(
            step: "seq_truncate", deed: "keep",
            says: "in seq_truncate: the same tokens have other logits afterwards"),
        Lie(
            step: "seq_fork", deed: "keep",
            says: "in seq_fork: the same tokens have other logits afterwards"),
        Lie(
            macros: ["VARIANT"], step: "seq_clear", deed: "keep",
            says: "in seq_clear: the same tokens have other logits afterwards"),
        Lie(
            macros: ["VARIANT"], step: "seq_truncate", deed: "keep",
            says: "in seq_truncate: the same tokens have other logits afterwards"),
        Lie(
            macros: ["VARIANT"], step: "seq_fork", deed: "empty",
            says: "in seq_fork: the same tokens have other logits afterwards"),
        Lie(
            macros: ["WITHOUT_LENGTH"], step: "seq_clear", deed: "nothing",
            says: "in seq_clear: the sequence takes nothing at position 0 afterwards"),
        Lie(
            macros: ["WITHOUT_LENGTH"], step: "seq_truncate", deed: "nothing",
            says: "in seq_truncate: the sequence takes nothing at position 1 afterwards"),
        Lie(
            macros: ["WITHOUT_LENGTH"], step: "seq_fork", deed: "nothing",
            says: "in seq_fork: the sequence takes nothing at position 1 afterwards"),
        Lie(
            macros: ["ENCODER"], step: "encode", deed: "nothing",
            says: "in encode: forward refuses the sequence afterwards"),
        Lie(
            macros: ["ENCODER", "LENIENT"], step: "encode", deed: "nothing",
            says: "in encode: the logits are the same for two sources and for none"),
        Lie(
            macros: ["ENCODER"], step: "seq_clear", deed: "nothing",
            says: "in seq_clear: seq_len of sequence 0 is 1 afterwards, expected 0"),
    ]

    @Test(arguments: lies.indices)
    func aModelWhoseCallsDoNotDoWhatTheySayNeverServes(_ index: Int) async throws {
        let lie = Self.lies[index]
        let test = try TestDeployment(config: settings(at: lie.step, do: lie.deed))
        try test.install(lie.macros)
        await test.registry.start()
        let status = try test.deployment.status
        #expect(status.state == .failed && status.revision == nil)
        let message = try #require(status.lastError)
        #expect(
            message.contains("at warm: the plugin broke its contract \(lie.says)"), "\(message)")
    }

    @Test(
        arguments: Isolation.allCases,
        [[], ["VARIANT"], ["WITHOUT_LENGTH"], ["ENCODER"], ["ENCODER", "LENIENT"]])
    func aModelThatKeepsItsWordServesWithoutWarning(_ isolation: Isolation, macros: [String])
        async throws
    {
        let test = try TestDeployment(isolation)
        try test.install(macros)
        try await test.deployment.load()
        #expect(try warnings(test) == [])
        await test.registry.stop(within: patience)
    }

    /// Without those about the library, which depend on the linker.
    private func warnings(_ test: TestDeployment) throws -> [String] {
        try test.deployment.status.warnings.filter { !$0.hasPrefix("exports ") }
    }

    /// It costs speed only: the engine does without.
    @Test func anAbilityThatIsRefusedIsWarnedOf() async throws {
        let test = try TestDeployment(config: settings(at: "seq_truncate", do: "refuse"))
        try await test.deployment.load()
        let warning = "seq_truncate is refused: refused as told"
        #expect(try warnings(test) == [warning])
        #expect(test.log.lines.contains { $0.level == .warning && $0.text == warning })
        await test.registry.stop(within: patience)
    }
}
