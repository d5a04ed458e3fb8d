import Engine
import Foundation
import JSON
import Testing

/// What the language does beyond the published templates: `language.json` holds what jinja2 made of
/// each feature and of 240 random arrangements of tags and white space, `filters.json` what it makes of
/// filters that few templates use, and of lists that are none.
@Suite struct TemplateLanguageTests {
    private func golden(_ name: String) throws -> JSONValue {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Fixtures/chat-templates/\(name).json")
        return try JSONValue(parsing: Data(contentsOf: file))
    }

    @Test(arguments: [("language", 300), ("filters", 200)])
    func everyFeatureRendersAsInJinja(_ name: String, _ count: Int) throws {
        let golden = try golden(name)
        let members = try #require(golden["variables"]?.object).members
        let variables = members.map { (name: $0.key, value: $0.value) }
        let cases = try #require(golden["cases"]?.array)
        #expect(cases.count > count)
        for row in cases {
            let source = try #require(row["template"]?.string)
            let result = Result { try ChatTemplate(source: source).render(variables).text }
            switch (result, row["rendered"]?.string) {
            case (.success(let text), let expected?):
                #expect(Array(text.utf8) == Array(expected.utf8), "\(source)")
            case (.success, nil): Issue.record("no error from \(source)")
            case (.failure(let error), _?): Issue.record("\(source): \(error)")
            case (.failure(let error), nil): #expect(error is TemplateError)
            }
        }
    }

    private func failure(of source: String) -> String? {
        do {
            _ = try ChatTemplate(source: source).render([])
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        ("a\n{{ 'x' + 1 }}", "line 2: unsupported operand types for +: 'str' and 'int'"),
        ("\n\n{% if x %}", "line 3: found the end of the template"),
        ("{{ a }}\n{% frob %}", "line 2: unknown tag 'frob'"),
        ("{% endfor %}", "line 1: 'endfor' without the tag that it belongs to"),
        ("\n{{ 'open }}", "line 2: a string is never closed"),
        ("{# open", "line 1: a comment is never closed by '#}'"),
        ("x\n{{ [1)}}", "line 2: unexpected ')'"),
        ("{{ x.y.z }}", "line 1: 'x' is undefined"),
        ("{% macro m() %}\n{{ 1/0 }}\n{% endmacro %}\n{{ m() }}", "line 2: division by zero"),
        ("{{ ({'a': 1}|items)[1:] }}", "line 1: 'generator' object cannot be sliced"),
        ("{% set x.y = 1 %}", "line 1: cannot assign attribute on non-namespace object"),
    ])
    func anErrorSaysItsLineAndTheProblem(_ source: String, _ expected: String) {
        #expect(failure(of: source)?.contains(expected) == true, "\(failure(of: source) ?? "none")")
    }

    @Test func theWordsOfRaiseExceptionAreKeptAlone() throws {
        let template = try ChatTemplate(source: "{{ raise_exception('roles must alternate') }}")
        #expect(throws: TemplateError.refused("roles must alternate")) { try template.render([]) }
    }

    @Test func theTimeIsWrittenInTheGivenForm() throws {
        let template = try ChatTemplate(source: "{{ strftime_now('%Y') }}")
        let year = Calendar(identifier: .gregorian).component(.year, from: Date())
        #expect(try template.render([]).text == "\(year)")
    }

    @Test func oneTemplateRendersInManyTasksAtOnce() async throws {
        let template = try ChatTemplate(
            source: "{% set ns = namespace(s='') %}{% for i in range(50) %}"
                + "{% set ns.s = ns.s ~ n %}{% endfor %}{{ ns.s }}")
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for task in 0..<16 {
                group.addTask {
                    let expected = String(repeating: "\(task)", count: 50)
                    return try template.render([("n", .integer(task))]).text == expected
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}
