import Engine
import Foundation
import JSON
import Testing

/// A template comes with the weights, from anybody. Whatever it says, the host goes on.
@Suite struct HostileTemplateTests {
    private static let outer = "{% for a in range(100000) %}"

    static let endless: [String] = [
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{{ 'x' * 100000000000 }}",
        "{{ 'x' * 9223372036854775807 }}",
        "{{ [1] * 9223372036854775807 }}",
        "{{ range(1000000000) }}",
        "{{ range(0, 9223372036854775807, 1) }}",
        "{{ 9 ** 9 ** 9 ** 9 }}",
        "{{ 9223372036854775807 + 1 }}",
        "{{ (-9223372036854775807 - 1) // -1 }}",
        "{{ 'x'.center(1000000000000) }}{{ 'x'|indent(1000000000000) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ [1]|tojson(indent=100000000000) }}",
        "{{ strftime_now('%c' * 100000) }}",
        "{% set n = namespace(s='xxxxxxxx') %}" + outer + "{% set n.s = n.s + n.s %}{% endfor %}",
        "{% set n = namespace(s='x') %}" + outer + "{{ 'x' * 10000000 }}{% endfor %}",
        "{% set n = namespace(s=['x']) %}" + outer + "{% set n.s = n.s + n.s %}{% endfor %}",
        "{% set n = namespace(s=[]) %}" + outer + "{% set n.s = [n.s] %}{% endfor %}",
        "{% set n = namespace(s={}) %}" + outer + "{% set n.s = {'a': n.s} %}{% endfor %}",
        "{% set n = namespace(s=1) %}" + outer + "{% set n.s = joiner(n.s) %}{% endfor %}",
        "{% set n = namespace(s=1) %}" + outer
            + "{% for x in [n.s] %}{% set n.s = loop.cycle %}{% endfor %}{% endfor %}",
        "{% set s = 'ab' * 100000 %}" + outer + "{{ s.replace('a', 'b') }}{% endfor %}",
        "{% set s = 'a' * 1000000 %}" + outer + "{{ s in s }}{% endfor %}",
        "{% set l = range(100000)|list %}" + outer + "{{ l == l }}{{ 5.5 in l }}{% endfor %}",
        String(repeating: "{{ ", count: 100_000),
        "{{ " + String(repeating: "(", count: 100_000),
        "{{ " + String(repeating: "[", count: 100_000),
        "{{ " + String(repeating: "not ", count: 100_000) + "1 }}",
        "{{ " + String(repeating: "-", count: 100_000) + "1 }}",
        "{{ 1" + String(repeating: " + 1", count: 100_000) + " }}",
        "{{ x" + String(repeating: ".a", count: 100_000) + " }}",
        "{{ x" + String(repeating: "|d", count: 100_000) + " }}",
        "{{ 1" + String(repeating: " if 1 else 1", count: 100_000) + " }}",
        String(repeating: "{% if 1 %}", count: 100_000),
        String(repeating: "{% set x %}", count: 100_000),
        "{% set " + String(repeating: "(", count: 100_000),
        "{{ [1,2,3][::9223372036854775807] }}{{ 'abc'[9223372036854775807:] }}{{ 1/0 }}",
        "{{ 'abc'[::-9223372036854775808] }}", "{{ 1 % 0 }}", "{{ 5.0 // 0 }}",
        "{{ [1,2]|batch(0)|list }}", "{{ [1,2]|slice(9999999999)|list }}",
        "{{ [1]|batch(9223372036854775807, 1)|list }}", "{{ 'a'|truncate(9223372036854775807) }}",
        "{{ 1.5|round(99999999999) }}", "{{ 'a\u{0}b' * 3 }}{{ '\\ud800' }}{{ 1/0 }}",
    ]

    /// On a thread with half a megabyte of stack, less than any in the host has.
    @Test(.timeLimit(.minutes(5)), arguments: endless)
    func aTemplateEndsWithAnError(_ source: String) async {
        let message = await withCheckedContinuation { continuation in
            let thread = Thread {
                let result = Result { try ChatTemplate(source: source).render([]) }
                continuation.resume(returning: result.failureText)
            }
            thread.stackSize = 512 << 10
            thread.start()
        }
        #expect(message != nil, "\(source.prefix(80))")
    }

    /// Sources that may render; only the host has to stay.
    @Test func chainsThatHoldThemselvesAreReleased() throws {
        for source in [
            "{% set n = namespace() %}{% set n.me = n %}{{ n }}{{ [n] }}",
            "{% set n = namespace() %}{% for a in range(50000) %}{% set n.x = namespace(x=n.x) %}"
                + "{% endfor %}done",
            "{% set n = namespace() %}{% for a in range(50000) %}{% set p = n.m %}"
                + "{% macro m() %}{{ p }}{% endmacro %}{% set n.m = m %}{% endfor %}done",
            "{% for x in [1] %}{{ loop.changed(loop) }}{% endfor %}",
        ] {
            #expect(throws: Never.self) { try ChatTemplate(source: source).render([]) }
        }
    }

    /// Some render; the others are refused, and nothing else becomes of them.
    @Test func randomTagsNeverEndTheProcess() throws {
        var (rendered, refused) = (0, 0)
        var generator = SystemRandomNumberGenerator()
        let pieces = [
            "{{", "}}", "{%", "%}", "{#", "#}", "-", " if ", " for ", " in ", " set ", "x", "(",
            ")",
            "[", "]", "{", "}", "'", "\"", "\\", "|", ".", ",", ":", "=", " is ", "1", "0x", "1e",
            " else ", "endif", "endfor", "macro", "\n", "é", "~", "*", "**", "raw", "endraw",
        ]
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...24, using: &generator)
            let source = (0..<count).map { _ in pieces.randomElement(using: &generator)! }.joined()
            do {
                _ = try ChatTemplate(source: source).render([("x", [1, "a", nil])])
                rendered += 1
            } catch {
                refused += 1
            }
        }
        #expect(rendered > 0 && refused > 0)
    }

    @Test func aConversationOfAThousandTurnsStaysFarBelowTheLimits() throws {
        let source = """
            {%- for m in messages -%}
            <|{{ m.role }}|>{{ m.content | trim }}{{ '\\n' if not loop.last }}
            {%- endfor -%}
            """
        let turn = String(repeating: "word ", count: 400)
        let messages = (0..<1000).map { index -> JSONValue in
            ["role": index % 2 == 0 ? "user" : "assistant", "content": .string(turn)]
        }
        let text = try ChatTemplate(source: source).render([("messages", .array(messages))]).text
        #expect(text.utf8.count > 1_900_000)
    }
}

extension Result {
    fileprivate var failureText: String? {
        if case .failure(let error) = self { "\(error)" } else { nil }
    }
}
