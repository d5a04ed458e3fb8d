import Foundation
import TestFixtures

/// A token classifier that knows the label of each of its words, and nothing else: one layer that adds
/// nothing, and for each label a direction.
struct WordLabels {
    let labels: [String]
    /// What is not here is `labels[0]`.
    let words: [String: String]

    private static let width = 16
    private static let others = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "saw", "in", "book", "nothing", ",", "##s",
    ]

    private var vocabulary: [String] {
        Self.others + words.keys.filter { !Self.others.contains($0) }.sorted()
    }

    func folder() throws -> TestFolder {
        try TestFolder(writing: [
            "config.json": JSONSerialization.data(withJSONObject: configuration),
            "vocab.txt": Data((vocabulary.joined(separator: "\n") + "\n").utf8),
            "tokenizer_config.json": Data(#"{"do_lower_case": true}"#.utf8),
            "tokenizer.json": JSONSerialization.data(withJSONObject: tokenizer),
            "model.safetensors": SafetensorsBuilder.file(tensors),
        ])
    }

    private var configuration: [String: Any] {
        let names = labels.enumerated().map { ("\($0)", $1) }
        return [
            "model_type": "bert", "architectures": ["BertForTokenClassification"],
            "vocab_size": vocabulary.count, "hidden_size": Self.width, "intermediate_size": 4,
            "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 32,
            "type_vocab_size": 1, "layer_norm_eps": 1e-12, "hidden_act": "gelu",
            "id2label": Dictionary(uniqueKeysWithValues: names),
        ]
    }

    private var tokenizer: [String: Any] {
        let ids = Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, $0) })
        let special: (String) -> [String: Any] = { ["SpecialToken": ["id": $0, "type_id": 0]] }
        let text: (String) -> [String: Any] = { ["Sequence": ["id": $0, "type_id": 0]] }
        return [
            "version": "1.0",
            "added_tokens": Self.others.prefix(4).enumerated().map { id, token -> [String: Any] in
                [
                    "id": id, "content": token, "special": true, "normalized": false,
                    "single_word": false, "lstrip": false, "rstrip": false,
                ]
            },
            "normalizer": [
                "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                "strip_accents": NSNull(), "lowercase": true,
            ] as [String: Any],
            "pre_tokenizer": ["type": "BertPreTokenizer"],
            "post_processor": [
                "type": "TemplateProcessing",
                "single": [special("[CLS]"), text("A"), special("[SEP]")],
                "pair": [
                    special("[CLS]"), text("A"), special("[SEP]"), text("B"), special("[SEP]"),
                ],
                "special_tokens": [
                    "[CLS]": ["id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]],
                    "[SEP]": ["id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]],
                ],
            ] as [String: Any],
            "model": [
                "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": ids,
            ] as [String: Any],
        ]
    }

    private var tensors: [(name: String, shape: [Int], values: [Float])] {
        let width = Self.width
        let rows = vocabulary.flatMap { word in
            direction(labels.firstIndex(of: words[word] ?? labels[0])!)
        }
        let zeros: ([Int]) -> [Float] = { [Float](repeating: 0, count: $0.reduce(1, *)) }
        let ones = [Float](repeating: 1, count: width)
        var tensors: [(name: String, shape: [Int], values: [Float])] = [
            ("bert.embeddings.word_embeddings.weight", [vocabulary.count, width], rows),
            ("bert.embeddings.position_embeddings.weight", [32, width], zeros([32, width])),
            ("bert.embeddings.token_type_embeddings.weight", [1, width], zeros([1, width])),
            (
                "classifier.weight", [labels.count, width],
                labels.indices.flatMap { direction($0) }
            ),
            ("classifier.bias", [labels.count], zeros([labels.count])),
        ]
        let layer = "bert.encoder.layer.0"
        for name in ["bert.embeddings", "\(layer).attention.output", "\(layer).output"] {
            tensors.append(("\(name).LayerNorm.weight", [width], ones))
            tensors.append(("\(name).LayerNorm.bias", [width], zeros([width])))
        }
        let maps = [
            ("attention.self.query", width, width), ("attention.self.key", width, width),
            ("attention.self.value", width, width), ("attention.output.dense", width, width),
            ("intermediate.dense", 4, width), ("output.dense", width, 4),
        ]
        for (name, to, from) in maps {
            tensors.append(("\(layer).\(name).weight", [to, from], zeros([to, from])))
            tensors.append(("\(layer).\(name).bias", [to], zeros([to])))
        }
        return tensors
    }

    private func direction(_ label: Int) -> [Float] {
        (0..<Self.width).map { $0 == label ? 4 : 0 }
    }
}
