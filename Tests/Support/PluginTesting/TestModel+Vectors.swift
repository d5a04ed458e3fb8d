package import PluginABI

/// Flags of `embed`.
package let (query, passage) = (UInt32(ROOST_EMBED_QUERY), UInt32(ROOST_EMBED_PASSAGE))
package let noNormalize = UInt32(ROOST_EMBED_NO_NORMALIZE)

extension TestModel {
    package var vectors: roost_ext_vectors {
        get throws { try table(ROOST_EXT_VECTORS) }
    }

    package func label(_ index: Int) throws -> String {
        let table = try vectors
        let name = try collected { table.label(handle, UInt32(index), $0, $1) }
        return String(decoding: name, as: UTF8.self)
    }

    /// - Parameters:
    ///   - flags: `ROOST_EMBED_*`.
    ///   - checks: how often the plugin finds that the deadline has not passed.
    package func embed(
        _ texts: [String], flags: UInt32 = 0, checks: Int? = nil,
        cancel: UnsafePointer<UInt32>? = nil
    ) throws -> [[Float]] {
        let table = try vectors
        return try withStrings(texts) { strings in
            try collectedRows(texts.count, width: Int(table.dim)) { out in
                try checked(cancel: cancel, checks: checks) {
                    table.embed(
                        ownContext, strings.baseAddress, UInt32(strings.count), flags, &out, $0)
                }
            }
        }
    }

    package func embed(tokens: [[Int32]], flags: UInt32 = 0) throws -> [[Float]] {
        let table = try vectors
        let offsets = tokens.reduce(into: [UInt32(0)]) { $0.append($0.last! + UInt32($1.count)) }
        return try collectedRows(tokens.count, width: Int(table.dim)) { out in
            try checked {
                table.embed_tokens(
                    ownContext, Array(tokens.joined()), offsets, UInt32(tokens.count), flags, &out,
                    $0)
            }
        }
    }

    package func embeddingTokens(of text: String, flags: UInt32 = 0) throws -> [Int32] {
        let table = try vectors
        let bytes = try withString(text) { text in
            try collected { table.embed_tokenize(handle, text, flags, $0, $1) }
        }
        return bytes.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
    }

    package func scores(_ query: String, _ documents: [String]) throws -> [Float] {
        let table = try vectors
        var scores = [Float](repeating: .nan, count: documents.count)
        try withString(query) { query in
            try withStrings(documents) { documents in
                try checked {
                    table.score_pairs(
                        ownContext, query, documents.baseAddress, UInt32(documents.count), &scores,
                        $0)
                }
            }
        }
        return scores
    }

    /// What the model has functions for.
    package var embeds: Bool { get throws { try vectors.embed != nil } }
    package var classifies: Bool { get throws { try vectors.classify != nil } }

    package func classify(_ texts: [String]) throws -> [[Float]] {
        let table = try vectors
        return try withStrings(texts) { strings in
            try collectedRows(texts.count, width: Int(table.n_labels)) { out in
                try checked {
                    table.classify(ownContext, strings.baseAddress, UInt32(strings.count), &out, $0)
                }
            }
        }
    }

    package func classify(_ texts: [String], pairs: [String]) throws -> [[Float]] {
        let table = try vectors
        return try withStrings(texts) { texts in
            try withStrings(pairs) { pairs in
                try collectedRows(texts.count, width: Int(table.n_labels)) { out in
                    try checked {
                        table.classify_pairs(
                            ownContext, texts.baseAddress, pairs.baseAddress, UInt32(texts.count),
                            &out,
                            $0)
                    }
                }
            }
        }
    }

    package func countTokens(
        of text: String, pair: String? = nil, flags: UInt32 = 0
    ) throws -> (read: Int, whole: Int) {
        let table = try vectors
        var (read, whole) = (UInt32(0), UInt32(0))
        try withStrings([text, pair ?? ""]) { texts in
            try checked {
                table.count_tokens(
                    handle, texts[0], pair == nil ? nil : texts.baseAddress! + 1, flags, &read,
                    &whole, $0)
            }
        }
        return (Int(read), Int(whole))
    }
}
