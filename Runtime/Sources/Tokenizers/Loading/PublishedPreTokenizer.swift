/// The meaning of `tokenizer.ggml.pre`.
struct PublishedPreTokenizer {
    /// Applied in turn: each splits what the previous one left.
    var patterns: [String]
    /// A word that is a token needs no merges.
    var ignoresMerges = false
    /// A run of line feeds that is a token needs no merges.
    var joinsLineFeeds = false
    /// Adds the bos token if the file does not say.
    var addsBOS = false
    /// Adds the bos token even where the file says otherwise, as such files do in error.
    var alwaysAddsBOS = false
    /// Ends a text, and separates the texts of a pair, with the separator, if the file does not
    /// say.
    var separates = false
    /// Normalizes to form C first.
    var composes = false
    /// How text is spelled before it is split.
    var spelling = Spelling.bytes

    enum Spelling {
        /// In the byte alphabet.
        case bytes
        /// As it is; spaces are U+2581.
        case marks
        /// As it is; white space is left out.
        case words
    }
}

extension PublishedPreTokenizer {
    /// - Returns: nil for a name that is not known.
    static func named(_ name: String) -> PublishedPreTokenizer? { byName[name] }

    /// In alphabetical order.
    static let names = byName.keys.sorted()

    /// How files without a named pattern have always been read.
    static let fallback = PublishedPreTokenizer(patterns: [
        #"[\p{P}\$\+<=>\^~\|]+"#, PublishedPattern.gpt2, #"\p{N}+"#, "[0-9][0-9][0-9]",
    ])

    private static let byName: [String: PublishedPreTokenizer] = {
        var byName: [String: PublishedPreTokenizer] = [:]
        for (names, published) in table {
            for name in names.split(separator: " ") { byName[String(name)] = published }
        }
        return byName
    }()

    private static let table: [(names: String, PublishedPreTokenizer)] =
        families + [
            ("default", fallback),
            ("whitespace", .init(patterns: [], spelling: .words)),
            (
                "gemma4 granite-embed-multi-311m",
                .init(
                    patterns: [PublishedPattern.lines], joinsLineFeeds: true,
                    alwaysAddsBOS: true, spelling: .marks)
            ),
            ("sarvam-moe", .init(patterns: [PublishedPattern.lines], spelling: .marks)),
            (
                "chameleon",
                .init(
                    patterns: [
                        "<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
                        #"([\t\n]|    |  )"#, PublishedPattern.oneDigit,
                        #"[\p{P}!-/:-@\[-`{-~]"#, PublishedPattern.gpt2,
                    ], addsBOS: true)
            ),
            (
                "falcon",
                .init(patterns: [
                    #"[\p{P}\$\+<=>\^~\|`]+"#, PublishedPattern.gpt2, "[0-9][0-9][0-9]",
                ])
            ),
            ("superbpe", .init(patterns: [#"\p{N}+"#, #"(?=(\d{3})+(?!\d))"#])),
            ("bloom gpt3-finnish poro-chat", .init(patterns: [PublishedPattern.bloom])),
            (
                "viking",
                .init(patterns: [PublishedPattern.bloom, PublishedPattern.oneDigit])
            ),
            (
                "exaone codeshell command-r mellum2 minerva-7b refact smollm starcoder",
                .init(patterns: [PublishedPattern.oneDigit, PublishedPattern.gpt2])
            ),
        ]

    /// Patterns that several models share, with small changes.
    private static let families: [(names: String, PublishedPreTokenizer)] = [
        (
            "gpt-2 gpt2 a.x-4.0 exaone4 gigachat granite-docling jais jina-de jina-es jina-v2-de "
                + "jina-v2-es mellum modern-bert mpt olmo phi-2 trillion",
            .init(patterns: [PublishedPattern.gpt2])
        ),
        (
            "jina-v1-en jina-v2-code roberta-bpe",
            .init(patterns: [PublishedPattern.gpt2], separates: true)
        ),
        (
            "llama-bpe llama-v3 llama3 falcon-h1 falcon3 jina-v5-nano lfm2 midm-2.0 pixtral",
            .init(patterns: [PublishedPattern.llama3], ignoresMerges: true, addsBOS: true)
        ),
        ("chatglm-bpe dbrx glm4 smaug-bpe", .init(patterns: [PublishedPattern.llama3])),
        ("glm5", .init(patterns: [PublishedPattern.llama3], ignoresMerges: true)),
        ("jais-2", .init(patterns: [PublishedPattern.jais2])),
        (
            "minicpm5",
            .init(
                patterns: [PublishedPattern.threeDigits, PublishedPattern.miniCPM5],
                ignoresMerges: true)
        ),
        (
            "deepseek-r1-qwen grok-2 hunyuan kormo megrez solar-open stablelm2",
            .init(patterns: [PublishedPattern.qwen2])
        ),
        ("f2llmv2 qwen2", .init(patterns: [PublishedPattern.qwen2], composes: true)),
        ("qwen35", .init(patterns: [PublishedPattern.qwen35], composes: true)),
        ("ufakzeka", .init(patterns: [PublishedPattern.ufakzeka])),
        ("seed-coder", .init(patterns: [PublishedPattern.seedCoder])),
        ("laguna", .init(patterns: [PublishedPattern.lines, PublishedPattern.qwen2])),
        (
            "bailingmoe bailingmoe2 llada-moe",
            .init(patterns: [PublishedPattern.bailing])
        ),
        ("exaone-moe", .init(patterns: [PublishedPattern.exaoneMoE])),
        (
            "gpt-4o o200k kanana2 llama4 minimax-m2 talkie",
            .init(patterns: [PublishedPattern.o200k])
        ),
        (
            "granite-embed-multi-97m",
            .init(patterns: [PublishedPattern.o200k], ignoresMerges: true)
        ),
        (
            "cohere2moe tiny_aya",
            .init(patterns: [#"\d{1,3}(?=(?:\d{3})*\b)"#, PublishedPattern.o200k])
        ),
        (
            "tekken",
            .init(patterns: [PublishedPattern.tekken], ignoresMerges: true, addsBOS: true)
        ),
        (
            "youtu",
            .init(
                patterns: [PublishedPattern.youtuScripts, PublishedPattern.youtu],
                ignoresMerges: true)
        ),
        ("kimi-k2", .init(patterns: [PublishedPattern.kimiK2])),
        (
            "deepseek-v3 hunyuan-dense hy_v4 joyai-llm",
            .init(patterns: [
                PublishedPattern.threeDigits, PublishedPattern.ideographs,
                PublishedPattern.deepseekV3,
            ])
        ),
        (
            "spark2_5",
            .init(patterns: [
                PublishedPattern.threeDigits, PublishedPattern.ideographs,
                PublishedPattern.spark, PublishedPattern.oneDigit,
            ])
        ),
        (
            "afmoe",
            .init(patterns: [
                PublishedPattern.digitsFromRight, PublishedPattern.afmoeScripts,
                PublishedPattern.deepseekV3,
            ])
        ),
        (
            "deepseek-llm",
            .init(patterns: [
                #"[\r\n]"#, PublishedPattern.casedLetters,
                #"\s?[!-/:-~！-／：-～‘-‟　-。]+"#, #"\s+$"#, PublishedPattern.deepseekScripts,
                #"\p{N}+"#,
            ])
        ),
        (
            "deepseek-coder",
            .init(patterns: [
                #"[\r\n]"#, #"\s?\p{L}+"#, #"\s?\p{P}+"#, PublishedPattern.deepseekScripts,
                PublishedPattern.oneDigit,
            ])
        ),
    ]
}

extension PublishedPreTokenizer {
    func preTokenizer() throws -> any PreTokenizer {
        if spelling == .words { return Split(try Pattern(#"\s"#), .removed) }
        return PreTokenizerSequence(steps: try patterns.map { Split(try Pattern($0)) })
    }
}
