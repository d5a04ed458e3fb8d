/// Why no plugin serves a model: what the files are, why each plugin refused them, and what would
/// be served.
package struct UnservedModel: Error, CustomStringConvertible {
    package enum Answer: Sendable {
        /// A model of another family.
        case notMine
        /// One of the plugin's families that it does not take, or a plugin that cannot be asked.
        case refused(String)
    }

    package let files: ModelFiles
    /// In order of the settings.
    package let answers: [(plugin: String, answer: Answer)]
    /// By the names of plugins; a plugin that could not be asked has none.
    package let families: [String: [String]]

    package init(
        files: ModelFiles, answers: [(plugin: String, answer: Answer)],
        families: [String: [String]]
    ) {
        self.files = files
        self.answers = answers
        self.families = families
    }

    /// `no plugin serves 'qwen3': it is a Qwen3ForCausalLM (qwen3); served here: llama, bert (roberta, …)`
    package var description: String {
        let what =
            files.name.isEmpty
            ? "no plugin serves a model without a source"
            : "no plugin serves '\(files.name)': it \(files)"
        let parts = [what] + reasons + [served]
        return parts.joined(separator: "; ")
    }

    /// Each once, with all who gave it.
    private var reasons: [String] {
        var given: [(reason: String, plugins: [String])] = []
        for case (let plugin, .refused(let reason)) in answers {
            if let index = given.firstIndex(where: { $0.reason == reason }) {
                given[index].plugins.append(plugin)
            } else {
                given.append((reason, [plugin]))
            }
        }
        return given.map { "\($0.plugins.joined(separator: ", ")): \($0.reason)" }
    }

    private var served: String {
        if answers.isEmpty { return "no plugin is configured, add a table [plugins.NAME]" }
        let plugins = answers.compactMap { plugin, _ -> String? in
            guard let families = families[plugin] else { return nil }
            let others = families.filter { $0 != plugin }
            return others.isEmpty ? plugin : "\(plugin) (\(others.joined(separator: ", ")))"
        }
        return plugins.isEmpty
            ? "no plugin could be asked" : "served here: \(plugins.joined(separator: ", "))"
    }
}
