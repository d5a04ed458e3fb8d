import Engine
import Foundation
import JSON
import Testing

/// Which characters of a prompt came with the request, whatever a template did with them.
@Suite struct PromptOriginTests {
    /// The prompt with ⟦brackets⟧ around what came with the request.
    private func marked(_ prompt: RenderedPrompt) -> String {
        let bytes = Array(prompt.text.utf8)
        var result = ""
        var done = 0
        for range in prompt.plain {
            result += String(decoding: bytes[done..<range.lowerBound], as: UTF8.self)
            result += "⟦" + String(decoding: bytes[range], as: UTF8.self) + "⟧"
            done = range.upperBound
        }
        return result + String(decoding: bytes[done...], as: UTF8.self)
    }

    private static let variables: [(name: String, value: JSONValue)] = [
        ("c", "  Hi <b>  "), ("d", "x-y"), ("n", 7), ("l", ["a", "b"]), ("o", ["k": "v", "e": ""]),
        ("f", "{:<<2}"),
    ]

    @Test(arguments: [
        ("<s>{{ c }}</s>", "<s>⟦  Hi <b>  ⟧</s>"),
        ("{{ '<s>' + c + '</s>' }}", "<s>⟦  Hi <b>  ⟧</s>"),
        ("{{ '<s>' ~ c ~ n ~ d }}", "<s>⟦  Hi <b>  ⟧7⟦x-y⟧"),
        ("[{{ c | trim }}]", "[⟦Hi <b>⟧]"),
        ("[{{ ('<s> ' + c) | trim }}]", "[<s> ⟦  Hi <b>⟧]"),
        ("{{ ('<S>' + d) | lower }}|{{ ('<s>' + d) | upper }}", "<s>⟦x-y⟧|<S>⟦X-Y⟧"),
        ("{{ d | replace('-', '<s>') }}", "⟦x⟧<s>⟦y⟧"),
        ("{{ '<s>-' | replace('-', d) }}", "<s>⟦x-y⟧"),
        ("{{ d.split('-') | join('<s>') }}", "⟦x⟧<s>⟦y⟧"),
        ("{{ '<a>-<b>'.split('-')[0] }}{{ d.split('-')[-1] }}", "<a>⟦y⟧"),
        ("{{ d[0] }}{{ d[1:] }}{{ d[::-1] }}", "⟦x-yy-x⟧"),
        ("{{ ('<s>' + d)[1:4] }}{{ ('<s>' + d)[::-1] }}", "s>⟦xy-x⟧>s<"),
        ("{% for letter in '<' + d %}{{ letter }}.{% endfor %}", "<.⟦x⟧.⟦-⟧.⟦y⟧."),
        ("{{ l | join('<s>') }}{{ '<s>'.join(l) }}", "⟦a⟧<s>⟦ba⟧<s>⟦b⟧"),
        ("{{ l }}", "[⟦'a'⟧, ⟦'b'⟧]"),
        ("{{ o | tojson }}", #"{"⟦k⟧": "⟦v⟧", "⟦e⟧": ""}"#),
        ("{{ {'<s>': d, 't': '<t>'} | tojson }}", #"{"<s>": "⟦x-y⟧", "t": "<t>"}"#),
        ("{{ o | tojson(indent=1) }}", "{\n \"⟦k⟧\": \"⟦v⟧\",\n \"⟦e⟧\": \"\"\n}"),
        ("{{ '<s>%s|%3d' % (d, n) }}", "<s>⟦x-y⟧|  7"),
        ("{{ '<s>{}{a}'.format(d, a=n) }}", "<s>⟦x-y⟧7"),
        ("{{ '%5s' % d }}", "⟦  x-y⟧"),
        ("{{ d % () }}{{ d.format() }}", "⟦x-yx-y⟧"),
        ("{{ d * 2 }}{{ ('<s>' + d) * 2 }}", "⟦x-yx-y⟧<s>⟦x-y⟧<s>⟦x-y⟧"),
        ("{{ ('<s>\n' + d) | indent(2) }}", "<s>\n  ⟦x-y⟧"),
        ("{{ d.center(7) }}{{ d.ljust(4, '.') }}", "  ⟦x-y⟧  ⟦x-y⟧."),
        ("{{ d.partition('-') | join('<s>') }}", "⟦x⟧<s>⟦-⟧<s>⟦y⟧"),
        ("{{ d.removeprefix('x') }}{{ '<s>'.removeprefix('<') }}", "⟦-y⟧s>"),
        ("{{ (c + '\n<s>').splitlines() | last }}", "<s>"),
        ("{{ c | escape }}{{ '<' | escape }}", "⟦  Hi &lt;b&gt;  ⟧&lt;"),
        ("{{ d | wordwrap(1) }}{{ d | truncate(2, true, '<', 0) }}", "⟦x⟧\n⟦-⟧\n⟦yx⟧<"),
        ("{% macro m(x) %}<s>{{ x }}</s>{% endmacro %}{{ m(d) }}", "<s>⟦x-y⟧</s>"),
        ("{% set x %}<s>{{ d }}{% endset %}{{ x }}", "<s>⟦x-y⟧"),
        ("{% filter upper %}<s>{{ d }}{% endfilter %}", "<S>⟦X-Y⟧"),
        ("{% set ns = namespace(t='<s>') %}{% set ns.t = ns.t + d %}{{ ns.t }}", "<s>⟦x-y⟧"),
        ("{{ {'x-y': '<s>'}[d] }}", "<s>"),
        ("{{ '<s>' if d == 'x-y' else '<t>' }}", "<s>"),
        ("{{ l | map('upper') | list | first }}{{ l | sort(reverse=true) | first }}", "⟦Ab⟧"),
        ("{% for k, v in o.items() %}{{ k }}={{ v }};{% endfor %}", "⟦k⟧=⟦v⟧;⟦e⟧=;"),
        ("{{ dict(**o) }}", "{⟦'k'⟧: ⟦'v'⟧, ⟦'e'⟧: ⟦''⟧}"),
        ("{% macro m() %}{{ kwargs | join }}<s>{% endmacro %}{{ m(**o) }}", "⟦ke⟧<s>"),
        ("{% macro m() %}{{ kwargs | join }}{% endmacro %}{{ m(s=d) }}", "s"),
        ("{{ '%(k)s<s>' | format(**o) }}", "⟦v⟧<s>"),
        ("{{ [1] | tojson(indent=d) }}", "⟦[\nx-y1\n]⟧"),
        ("{{ [1, 2] | tojson(separators=(d, ':')) }}", "⟦[1x-y2]⟧"),
        ("{{ {'a': 1} | tojson(separators=(',', d)) }}", #"⟦{"a"x-y1}⟧"#),
        ("{{ [1, 2] | tojson(indent='<s>', separators=(';', ':')) }}", "[\n<s>1;\n<s>2\n]"),
        ("{{ '<%c>' % 60 }}{{ '%c' % d[0] }}", "<⟦<⟧>⟦x⟧"),
        ("{{ f.format('s') }}{{ f.format(7) }}", "⟦s<7<⟧"),
        ("{{ '{:<>2}'.format(7) }}{{ '%03d' % 7 }}", "<7007"),
        (
            "{{ 'ab.com' | urlize(target=d) }}",
            #"⟦<a href="https://ab.com" rel="noopener" target="x-y">ab.com</a>⟧"#
        ),
        (
            "{{ 'ab.com' | urlize(rel=d) }}",
            #"⟦<a href="https://ab.com" rel="noopener x-y">ab.com</a>⟧"#
        ),
        // Where the rewriting of the whole is not that of its parts, all of it is the request's.
        ("{{ ('a' + d) | capitalize }}", "⟦Ax-y⟧"),
    ])
    func charactersKeepTheirOrigin(_ source: String, _ expected: String) throws {
        #expect(marked(try ChatTemplate(source: source).render(Self.variables)) == expected)
    }

    private func render(
        _ template: ChatTemplate, _ messages: JSONValue, tools: JSONValue? = nil
    ) throws -> RenderedPrompt {
        try template.render(
            messages: messages, tools: tools, addGenerationPrompt: true, bosToken: "<s>",
            eosToken: "</s>")
    }

    /// Templates write `<|user|>` from the role; a role that nobody knows is the request's.
    @Test func knownRolesAndTheModelsOwnTokensAreTheTemplates() throws {
        let template = try ChatTemplate(
            source: "{{ bos_token }}{% for m in messages %}{{ '<|' + m.role + '|>' + m.content }}"
                + "{{ eos_token }}{% endfor %}")
        let prompt = try render(
            template,
            [["role": "user", "content": "a"], ["role": "endoftext", "content": "user"]])
        #expect(marked(prompt) == "<s><|user|>⟦a⟧</s><|⟦endoftext⟧|>⟦user⟧</s>")
    }

    /// Every template in the styles that are published, and messages that spell control tokens, each of
    /// whose letters is unlike any of a template's.
    @Test(arguments: ChatTemplateGoldenTests.Golden.all)
    func noLetterOfAMessageIsTakenForTheTemplates(
        _ golden: ChatTemplateGoldenTests.Golden
    ) throws {
        let template = try ChatTemplate(source: golden.source)
        var generator = SystemRandomNumberGenerator()
        let pieces = ["ⓐ", "ⓑ ", " ⓒ", "\n", "ⓓ<|im_end|>ⓔ", "  ", "\"", "\\", "ⓕ</s>", "'", "[ⓖ"]
        func words() -> JSONValue {
            let count = Int.random(in: 1...6, using: &generator)
            return .string(
                "ⓧ" + (0..<count).map { _ in pieces.randomElement(using: &generator)! }.joined()
                    + "ⓨ")
        }
        func conversation() -> JSONValue {
            [
                ["role": "user", "content": words()],
                ["role": "assistant", "content": words()],
                ["role": "user", "content": words()],
            ]
        }
        var skeletons: Set<String> = []
        for _ in 0..<30 {
            let prompt = try render(template, conversation())
            let bytes = Array(prompt.text.utf8)
            var done = 0
            var own = ""
            for range in prompt.plain + [bytes.count..<bytes.count] {
                own += String(decoding: bytes[done..<range.lowerBound], as: UTF8.self) + "_"
                done = range.upperBound
            }
            #expect(!own.unicodeScalars.contains { 0x24D0...0x24E9 ~= $0.value }, "\(own)")
            skeletons.insert(own)
        }
        // `features` prints parts of messages, whose number varies.
        if golden.template != "features" { #expect(skeletons.count == 1) }
    }

    @Test func toolsAndVariablesOfARequestAreItsOwn() throws {
        let template = try ChatTemplate(
            source: "{% for t in tools %}<t>{{ t.function.description }}{% endfor %}{{ mood }}")
        let prompt = try template.render(
            messages: [], tools: [["function": ["description": "<e>"]]], addGenerationPrompt: true,
            bosToken: "", eosToken: "", extra: ["mood": "<m>"])
        #expect(marked(prompt) == "<t>⟦<e><m>⟧")
    }
}
