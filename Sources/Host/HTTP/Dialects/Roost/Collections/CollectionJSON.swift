import JSON
import SearchCollections

extension CollectionDescription {
    var json: JSONValue {
        [
            "object": "collection", "name": .string(name), "model": .optional(model),
            "text": .strings(text), "columns": .strings(columns),
            "id_column": .optional(idColumn), "count": .integer(count),
            "embedded": .integer(embedded), "state": .string(state.rawValue),
            "error": .optional(error?.withoutFolders), "replacing": .bool(isReplacing),
            "rows_refused": .array(refused.map(\.json)),
            "rows_refused_total": .integer(refusedCount),
            "created": .integer(created), "updated": .integer(updated),
        ]
    }
}

extension RefusedRow {
    fileprivate var json: JSONValue {
        ["line": .integer(line), "message": .string(message)]
    }
}

extension CollectionProgress {
    var json: JSONValue {
        var object = JSONObject([
            (key: "object", value: "collection.progress"), (key: "name", value: .string(name)),
            (key: "stage", value: .string(stage.rawValue)), (key: "rows", value: .integer(rows)),
            (key: "embedded", value: .integer(embedded)), (key: "of", value: .integer(of)),
            (key: "rows_refused", value: .integer(refused)),
        ])
        if let error { object["error"] = .string(error.withoutFolders) }
        return .object(object)
    }
}

extension Document {
    var json: JSONValue {
        ["id": .string(id), "row": .object(row)]
    }
}

extension CollectionAnswer {
    func json(took: Duration) -> JSONValue {
        let data = hits.map { hit -> JSONValue in
            [
                "rank": .integer(hit.rank), "score": .number(Self.rounded(hit.score)),
                "id": .string(hit.document.id), "row": .object(hit.document.row),
            ]
        }
        return [
            "object": "list", "data": .array(data), "mode": .string(mode.rawValue),
            "model": .optional(model), "total_rows": .integer(totalRows),
            "embedded": .integer(embedded),
            "took_ms": .number(((took / .milliseconds(1)) * 1000).rounded() / 1000),
        ]
    }

    /// To six decimals: the rest of a score is noise.
    private static func rounded(_ score: Double) -> Double {
        (score * 1e6).rounded() / 1e6
    }
}

extension JSONValue {
    fileprivate static func strings(_ texts: [String]) -> JSONValue {
        .array(texts.map { .string($0) })
    }
}
