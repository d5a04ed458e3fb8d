import Foundation
import PluginABI
import PluginTesting
import TestFixtures
import Testing

/// Adapters that PEFT made and computed with: see Tests/Fixtures/lora-tiny.
@Suite struct AdapterTests {
    static let names = [
        "every-map", "stabilized", "fused", "reordered", "squared", "routed",
    ]

    private struct Golden: Decodable {
        let model: String
        let tokens: [[Int32]]
    }

    private func folder(_ name: String) -> String {
        TestFiles.own("Tests/Fixtures/lora-tiny/\(name)")
    }

    private func golden(_ name: String) throws -> Golden {
        let json = try TestFiles.data("\(folder(name))/golden.json")
        return try JSONDecoder().decode(Golden.self, from: json)
    }

    private func model(of name: String) throws -> TestModel {
        let path = try golden(name).model
        let prefix = "llama-tiny/"
        return try TestModel(
            Fixtures.find(path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path))
    }

    /// The last row's logits, as PEFT computes them.
    private func compare(_ model: TestModel, with name: String) throws {
        let golden = try golden(name)
        let arrays = try Arrays("\(folder(name))/golden.safetensors").arrays
        let context = try model.context()
        for (index, tokens) in golden.tokens.enumerated() {
            context.clear()
            let logits = try context.append(tokens, adapter: 3)
            let expected = try #require(arrays["logits.\(index)"]?.floats)
            #expect(largestDifference(try #require(logits.last), expected) <= 3e-4, "\(index)")
        }
    }

    @Test(arguments: names) func logitsAreThoseOfPEFT(_ name: String) throws {
        let model = try model(of: name)
        let found = try model.load(adapter: folder(name), as: 3)
        #expect(found.rank > 0 && found.bytes > 0)
        try compare(model, with: name)
    }

    @Test func anAdapterIsTheSameInAGGUFFile() throws {
        let model = try model(of: "stabilized")
        _ = try model.load(adapter: "\(folder("stabilized"))/adapter.gguf", as: 3)
        try compare(model, with: "stabilized")
    }

    /// Bit for bit, and rows without an adapter as in a batch without any.
    @Test(arguments: ["every-map", "fused", "squared", "routed"])
    func rowsOfAMixedBatchAreWhatTheyAreAlone(_ name: String) throws {
        let model = try model(of: name)
        _ = try model.load(adapter: folder(name), as: 1)
        _ = try model.load(adapter: folder(name), as: 2)
        let tokens = try golden(name).tokens[0]
        let context = try model.context(sequences: 5)
        var rows: [Row] = []
        for (position, token) in tokens.enumerated() {
            for sequence in 0..<5 as Range<UInt32> {
                rows.append(
                    Row(
                        token: token + Int32(sequence), sequence: sequence,
                        position: UInt32(position), wants: position == tokens.count - 1,
                        adapter: sequence % 3))
            }
        }
        let together = try context.forward(rows)
        let alone = try model.context()
        for sequence in 0..<5 as Range<UInt32> {
            alone.clear()
            let logits = try alone.append(
                tokens.map { $0 + Int32(sequence) }, adapter: sequence % 3)
            #expect(together[Int(sequence)] == logits.last)
        }
        #expect(together[0] != together[1])
    }

    @Test func anAdapterThatIsUnloadedMakesNoDifference() throws {
        let model = try model(of: "stabilized")
        let tokens = try golden("stabilized").tokens[0]
        let context = try model.context()
        let before = try context.append(tokens)
        _ = try model.load(adapter: folder("stabilized"), as: 1)
        context.clear()
        #expect(try context.append(tokens, adapter: 1) != before)
        try model.unload(adapter: 1)
        context.clear()
        #expect(try context.append(tokens) == before)
        #expect(throws: BoundaryError.self) { try context.append([1], adapter: 1) }
    }
}

// MARK: - What is refused

extension AdapterTests {
    /// A copy of an adapter whose configuration is changed.
    private func copy(
        of name: String, _ change: (inout [String: Any]) -> Void
    ) throws -> String {
        let copy = FileManager.default.temporaryDirectory
            .appendingPathComponent("lora-\(UUID().uuidString)")
        try FileManager.default.copyItem(
            atPath: folder(name), toPath: copy.path)
        let file = copy.appendingPathComponent("adapter_config.json")
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        var object = try #require(json as? [String: Any])
        change(&object)
        try JSONSerialization.data(withJSONObject: object).write(to: file)
        return copy.path
    }

    /// - Returns: the sentence of the refusal.
    private func refusal(of path: String, by model: TestModel) -> String {
        do {
            _ = try model.load(adapter: path, as: 1)
            return ""
        } catch {
            return (error as? BoundaryError)?.message ?? "\(error)"
        }
    }

    static let changes: [(key: String, value: any Sendable, sentence: String)] = [
        ("use_dora", true, "'use_dora' is true"), ("bias", "all", "'bias' is all"),
        ("modules_to_save", ["lm_head"], "'modules_to_save' is lm_head"),
        ("peft_type", "IA3", "'peft_type' is IA3"), ("r", 7, "'r' is 7"),
        ("init_lora_weights", "pissa", "'init_lora_weights' is pissa"),
        ("alpha_pattern", ["q_.*": 2], "'alpha_pattern' is the pattern 'q_.*'"),
        ("target_modules", ["o_proj"], "layers.0.self_attn.o_proj.lora_A.weight"),
    ]

    @Test(arguments: changes.indices)
    func whatAsksForMoreIsRefusedByName(_ index: Int) throws {
        let (key, value, sentence) = Self.changes[index]
        let path = try copy(of: "stabilized") {
            $0[key] = value
            if key == "target_modules" { $0["layers_to_transform"] = nil }
        }
        let found = refusal(of: path, by: try model(of: "stabilized"))
        #expect(found.contains(sentence), "\(found)")
    }

    @Test func anAdapterOfAnotherModelIsRefusedByName() throws {
        let model = try model(of: "stabilized")
        let fused = refusal(of: folder("fused"), by: model)
        #expect(fused.contains("_proj', which the model does not have"), "\(fused)")
        let other = try self.model(of: "fused")
        let paired = refusal(of: "\(folder("stabilized"))/adapter.gguf", by: other)
        #expect(paired.contains("made for architecture 'llama'"), "\(paired)")
        let smaller = refusal(of: folder("squared"), by: try self.model(of: "every-map"))
        #expect(smaller.contains("_proj.lora_"), "\(smaller)")
    }

    @Test func whatIsThereIsNoAdapter() throws {
        let model = try model(of: "stabilized")
        #expect(refusal(of: "/nowhere", by: model).contains("/nowhere"))
        let whole = try Fixtures.find("base/model-q8_0.gguf")
        let found = refusal(of: whole, by: model)
        #expect(found.contains("'general.type' is"), "\(found)")
    }

    @Test func anAdapterCountsAgainstTheBudget() throws {
        let path = try Fixtures.find("base")
        let weights = try probe(path).bytes_host
        let model = try TestModel(path, budget: weights + 1000)
        #expect(
            refusal(of: folder("every-map"), by: model).contains("the budget is \(weights + 1000)"))
    }
}
