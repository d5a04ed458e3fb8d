import Engine

/// What the models of vectors are doing, as metrics.
struct VectorMetrics {
    private let engines: [(name: String, statistics: VectorStatistics)]

    init(_ engines: [(name: String, statistics: VectorStatistics)]) {
        self.engines = engines
    }

    func write(to text: inout PrometheusText) {
        for (name, kind, help, path) in Self.counts {
            text.begin(name, kind, help)
            for (model, statistics) in engines {
                text.sample(name, [("model", model)], Double(statistics[keyPath: path]))
            }
        }
        for (name, help, path) in Self.durations {
            text.begin(name, .histogram, help)
            for (model, statistics) in engines {
                text.histogram(name, [("model", model)], statistics[keyPath: path])
            }
        }
    }

    private typealias Count = (
        String, PrometheusText.Kind, String, KeyPath<VectorStatistics, Int>
    )
    private typealias Duration = (String, String, KeyPath<VectorStatistics, Histogram>)

    private static var counts: [Count] {
        [
            (
                "roost_vector_requests_open", .gauge, "Requests and tasks under way or waiting.",
                \.open
            ),
            ("roost_vector_requests_total", .counter, "Requests and tasks taken.", \.accepted),
            ("roost_vector_refused_total", .counter, "Those refused by a full queue.", \.refused),
            ("roost_vector_cancelled_total", .counter, "Those whose client left.", \.cancelled),
            ("roost_vector_failed_total", .counter, "Those that the model failed.", \.failed),
            ("roost_vector_texts_total", .counter, "Texts computed.", \.texts),
            ("roost_vector_tokens_total", .counter, "Tokens of those.", \.tokens),
            ("roost_vector_steps_total", .counter, "Batches of texts computed.", \.steps),
            ("roost_vector_task_steps_total", .counter, "Slices of tasks computed.", \.taskSteps),
            (
                "roost_vector_recoveries_total", .counter, "Times a lost model's work began anew.",
                \.recoveries
            ),
            (
                "roost_vector_cache_hits_total", .counter, "Texts answered from the cache.",
                \.cacheHits
            ),
            ("roost_vector_cache_misses_total", .counter, "Texts not in the cache.", \.cacheMisses),
            ("roost_vector_cache_bytes", .gauge, "Size of the cache.", \.cacheBytes),
        ]
    }
    private static var durations: [Duration] {
        [
            ("roost_vector_queue_seconds", "Time from request to first batch.", \.queueTime),
            ("roost_vector_request_seconds", "Time from request to answer.", \.requestTime),
            ("roost_vector_step_seconds", "Time per batch.", \.stepTime),
        ]
    }
}
