import Engine
import PluginHost

/// The metrics of the models and their engines.
struct ModelMetrics {
    private let statuses: [DeploymentStatus]
    private let engines: [(labels: [(String, String)], kind: EngineKind, EngineStatistics)]

    /// Names of engines, as the label `engine` has them.
    private enum EngineKind: String {
        case text, vectors, images
    }

    init(_ models: Models) {
        statuses = models.registry.models
        engines = statuses.flatMap { status in
            let serving = models.serving(status.name)
            let statistics: [(EngineKind, EngineStatistics?)] = [
                (.text, serving?.text?.engine.statistics),
                (.vectors, serving?.vectors?.statistics), (.images, serving?.images?.statistics),
            ]
            return statistics.compactMap { kind, statistics in
                let labels = [("model", status.name), ("engine", kind.rawValue)]
                return statistics.map { (labels, kind, $0) }
            }
        }
    }

    func write(to text: inout PrometheusText) {
        for (name, type, help, path) in Self.counts { samples(&text, name, type, help, path) }
        for (name, kind, type, help, path) in Self.results {
            samples(&text, name, type, help, path, of: kind)
        }
        tokens(&text)
        for (name, help, path) in Self.durations { histograms(&text, name, help, path) }
        histograms(
            &text, "roost_first_token_seconds", "Time to the first token.", \.timeToFirstToken,
            of: .text)
        processes(&text)
    }

    private typealias Count = (
        String, PrometheusText.Kind, String, KeyPath<EngineStatistics, Int>
    )

    /// What every engine counts.
    private static var counts: [Count] {
        [
            (
                "roost_jobs_running", .gauge, "Jobs in the batch, or that have had a step.",
                \.running
            ),
            ("roost_jobs_waiting", .gauge, "Jobs in the queue.", \.waiting),
            ("roost_jobs_accepted_total", .counter, "Jobs taken.", \.accepted),
            ("roost_jobs_refused_total", .counter, "Jobs refused by a full queue.", \.refused),
            ("roost_jobs_finished_total", .counter, "Jobs done.", \.finished),
            ("roost_jobs_cancelled_total", .counter, "Jobs whose client left.", \.cancelled),
            ("roost_jobs_failed_total", .counter, "Jobs that ended with an error.", \.failed),
            ("roost_steps_total", .counter, "Calls of the model that took jobs further.", \.steps),
            (
                "roost_recoveries_total", .counter, "Times a lost model's jobs went on.",
                \.recoveries
            ),
        ]
    }

    /// What one engine alone counts.
    private static var results:
        [(String, EngineKind, PrometheusText.Kind, String, KeyPath<EngineStatistics, Int>)]
    {
        [
            ("roost_texts_total", .vectors, .counter, "Texts computed.", \.texts),
            ("roost_task_steps_total", .vectors, .counter, "Slices of tasks.", \.taskSteps),
            ("roost_cache_hits_total", .vectors, .counter, "Texts from the cache.", \.cacheHits),
            (
                "roost_cache_misses_total", .vectors, .counter, "Texts not in the cache.",
                \.cacheMisses
            ),
            ("roost_cache_bytes", .vectors, .gauge, "Size of the cache.", \.cacheBytes),
            ("roost_images_total", .images, .counter, "Images made.", \.images),
            ("roost_previews_total", .images, .counter, "Unfinished images shown.", \.previews),
        ]
    }

    private static var durations: [(String, String, KeyPath<EngineStatistics, Histogram>)] {
        [
            ("roost_queue_seconds", "Time to the place in the batch or first step.", \.queueTime),
            ("roost_job_seconds", "Time from the queue to the end.", \.jobTime),
            ("roost_step_seconds", "Time per step.", \.stepTime),
        ]
    }

    /// - Parameter kind: the engine that has the metric; nil is all.
    private func samples(
        _ text: inout PrometheusText, _ name: String, _ type: PrometheusText.Kind, _ help: String,
        _ value: KeyPath<EngineStatistics, Int>, of kind: EngineKind? = nil
    ) {
        text.begin(name, type, help)
        for (labels, engine, statistics) in engines where kind == nil || kind == engine {
            text.sample(name, labels, Double(statistics[keyPath: value]))
        }
    }

    private func histograms(
        _ text: inout PrometheusText, _ name: String, _ help: String,
        _ value: KeyPath<EngineStatistics, Histogram>, of kind: EngineKind? = nil
    ) {
        text.begin(name, .histogram, help)
        for (labels, engine, statistics) in engines where kind == nil || kind == engine {
            text.histogram(name, labels, statistics[keyPath: value])
        }
    }

    private func tokens(_ text: inout PrometheusText) {
        let name = "roost_tokens_total"
        text.begin(name, .counter, "Tokens by kind; cached ones are prompt tokens too.")
        let kinds: [(EngineKind, String, KeyPath<EngineStatistics, Int>)] = [
            (.text, "prompt", \.promptTokens), (.text, "cached", \.cachedTokens),
            (.text, "generated", \.generatedTokens), (.text, "guessed", \.guessedTokens),
            (.text, "guessed_right", \.rightGuesses), (.vectors, "computed", \.tokens),
        ]
        for (labels, engine, statistics) in engines {
            for (kind, word, value) in kinds where kind == engine {
                text.sample(name, labels + [("kind", word)], Double(statistics[keyPath: value]))
            }
        }
    }

    private func processes(_ text: inout PrometheusText) {
        text.begin("roost_model_up", .gauge, "Whether a model serves.")
        for status in statuses {
            text.sample(
                "roost_model_up", [("model", status.name)], status.revision == nil ? 0 : 1)
        }
        text.begin("roost_model_restarts_total", .counter, "Restarts of a model's worker.")
        for status in statuses {
            let restarts = status.supervisor?.restarts ?? 0
            text.sample("roost_model_restarts_total", [("model", status.name)], Double(restarts))
        }
        text.begin("roost_resident_bytes", .gauge, "Resident memory of the host and its workers.")
        if let bytes = ProcessMemory.resident() {
            text.sample("roost_resident_bytes", [("process", "host")], Double(bytes))
        }
        for status in statuses {
            guard case .running(let processID?) = status.supervisor?.state,
                let bytes = ProcessMemory.resident(processID)
            else { continue }
            let labels = [("process", "worker"), ("model", status.name)]
            text.sample("roost_resident_bytes", labels, Double(bytes))
        }
    }
}
