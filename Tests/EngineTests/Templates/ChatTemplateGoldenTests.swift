import Engine
import Foundation
import JSON
import TestFixtures
import Testing

/// 360 renderings, and refusals, by transformers of ten templates in the styles that are published.
@Suite struct ChatTemplateGoldenTests {
    struct Golden: Sendable, CustomTestStringConvertible {
        let template: String
        let source: String
        let conversations: JSONValue
        let variables: JSONValue
        let cases: [JSONValue]

        var testDescription: String { template }

        static let all: [Golden] = {
            let folder = URL(filePath: TestFiles.own("Tests/Fixtures/chat-templates"))
            guard let bytes = try? Data(contentsOf: folder.appending(path: "golden.json")),
                let golden = try? JSONValue(parsing: bytes), let cases = golden["cases"]?.array
            else { return [] }
            let groups = Dictionary(grouping: cases) { $0["template"]?.string ?? "" }
            return groups.sorted { $0.key < $1.key }.compactMap { name, cases in
                let file = folder.appending(path: "\(name).jinja")
                guard let source = try? String(contentsOf: file, encoding: .utf8) else {
                    return nil
                }
                return Golden(
                    template: name, source: source, conversations: golden["conversations"] ?? nil,
                    variables: golden["variables"] ?? nil, cases: cases)
            }
        }()

        func render(_ row: JSONValue) throws -> String {
            let conversation = try #require(
                row["conversation"]?.string.flatMap { conversations[$0] })
            var extra: [String: JSONValue] = ["date_string": variables["date_string"] ?? nil]
            for (name, value) in conversation["kwargs"]?.object?.members ?? [] {
                extra[name] = value
            }
            return try ChatTemplate(source: source).render(
                messages: conversation["messages"] ?? nil, tools: conversation["tools"],
                addGenerationPrompt: row["add_generation_prompt"]?.bool ?? false,
                bosToken: variables["bos_token"]?.string ?? "",
                eosToken: variables["eos_token"]?.string ?? "", extra: extra
            ).text
        }
    }

    @Test func theFixturesAreWhole() {
        #expect(Golden.all.count == 10)
        #expect(Golden.all.reduce(0) { $0 + $1.cases.count } == 360)
    }

    @Test(arguments: Golden.all)
    func everyConversationRendersAsInTransformers(_ golden: Golden) throws {
        for row in golden.cases {
            let name =
                "\(row["conversation"]?.string ?? ""), \(row["add_generation_prompt"] ?? nil)"
            guard let expected = row["rendered"]?.string else {
                try expectRefusal(golden, row, name)
                continue
            }
            do {
                #expect(Array(try golden.render(row).utf8) == Array(expected.utf8), "\(name)")
            } catch {
                Issue.record("\(name): \(error)")
            }
        }
    }

    /// What a template says through `raise_exception` has to be the same; other errors are worded
    /// by us.
    private func expectRefusal(_ golden: Golden, _ row: JSONValue, _ name: String) throws {
        let expected = try #require(row["error"]?.string)
        let error = #expect(throws: TemplateError.self, "\(name)") { try golden.render(row) }
        if golden.source.contains("raise_exception(") && golden.source.contains(expected) {
            #expect(error == .refused(expected), "\(name)")
        }
    }
}
