import Foundation

/// A script for the plugin `script`: control tokens, a chat template and answers, in a file.
struct Script {
    let path: String

    init(marks: [String] = [], template: String, answers: [String]) throws {
        path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        let parts = [marks.joined(separator: "\n"), template] + answers
        try parts.joined(separator: "\n====\n").write(
            toFile: path, atomically: true, encoding: .utf8)
    }

    /// Turns of marks, tools as JSON, and calls as Hermes has them.
    static let hermes = """
        {%- if tools %}{{ tools | tojson }}
        {% endif %}{%- for m in messages %}{% if m.role == 'assistant' %}<|answer|>{{ m.content }}\
        {%- for c in m.tool_calls %}<tool_call>{{ c.function | tojson }}</tool_call>{% endfor %}\
        {%- elif m.role == 'tool' %}<tool_response>{{ m.content }}</tool_response>\
        {%- else %}{{ m.role }}: {{ m.content }}
        {% endif %}{% endfor %}{% if add_generation_prompt %}<|answer|>{% endif %}
        """

    func model(_ name: String = "script", _ lines: String = "") -> String {
        """
        [[models]]
        name = "\(name)"
        plugin = "script"
        settings = { script = "\(path)" }
        \(lines)

        """
    }
}
