import Engine
import PluginHost

/// What the models and their engines are doing, as metrics.
struct ModelMetrics {
    private let statuses: [DeploymentStatus]
    private let engines: [(name: String, statistics: EngineStatistics)]
    private let vectors: VectorMetrics
    private let images: ImageMetrics

    init(_ models: Models) {
        statuses = models.registry.models
        let serving = statuses.compactMap { status in
            models.serving(status.name).map { (name: status.name, serving: $0) }
        }
        engines = serving.compactMap { name, serving in
            serving.text.map { (name, $0.engine.statistics) }
        }
        vectors = VectorMetrics(
            serving.compactMap { name, serving in
                serving.vectors.map { (name, $0.statistics) }
            })
        images = ImageMetrics(
            serving.compactMap { name, serving in
                serving.images.map { (name, $0.statistics) }
            })
    }

    func write(to text: inout PrometheusText) {
        gauges(&text)
        tokens(&text)
        durations(&text)
        vectors.write(to: &text)
        images.write(to: &text)
        processes(&text)
    }

    private func gauges(_ text: inout PrometheusText) {
        each(&text, "roost_requests_running", .gauge, "Requests in the running batch.") {
            $0.running
        }
        each(&text, "roost_requests_waiting", .gauge, "Requests in the queue.") { $0.waiting }
        each(&text, "roost_requests_refused_total", .counter, "Requests refused by a full queue.") {
            $0.refused
        }
        each(&text, "roost_requests_cancelled_total", .counter, "Requests whose client left.") {
            $0.cancelled
        }
        each(&text, "roost_steps_total", .counter, "Forward passes.") { $0.steps }
        each(&text, "roost_recoveries_total", .counter, "Times a lost model's streams went on.") {
            $0.recoveries
        }
    }

    private func each(
        _ text: inout PrometheusText, _ name: String, _ kind: PrometheusText.Kind, _ help: String,
        _ value: (EngineStatistics) -> Int
    ) {
        text.begin(name, kind, help)
        for (model, statistics) in engines {
            text.sample(name, [("model", model)], Double(value(statistics)))
        }
    }

    private func tokens(_ text: inout PrometheusText) {
        text.begin(
            "roost_tokens_total", .counter, "Tokens by kind; cached ones are prompt tokens too.")
        for (model, statistics) in engines {
            let kinds = [
                ("prompt", statistics.promptTokens), ("cached", statistics.cachedTokens),
                ("generated", statistics.generatedTokens),
            ]
            for (kind, count) in kinds {
                text.sample(
                    "roost_tokens_total", [("model", model), ("kind", kind)], Double(count))
            }
        }
    }

    private func durations(_ text: inout PrometheusText) {
        let histograms: [(String, String, KeyPath<EngineStatistics, Histogram>)] = [
            ("roost_queue_seconds", "Time in the queue.", \.queueTime),
            ("roost_first_token_seconds", "Time to the first token.", \.timeToFirstToken),
            ("roost_step_seconds", "Time per forward pass.", \.stepTime),
        ]
        for (name, help, path) in histograms {
            text.begin(name, .histogram, help)
            for (model, statistics) in engines {
                text.histogram(name, [("model", model)], statistics[keyPath: path])
            }
        }
    }

    private func processes(_ text: inout PrometheusText) {
        text.begin("roost_model_up", .gauge, "Whether a model serves.")
        for status in statuses {
            text.sample(
                "roost_model_up", [("model", status.name)], status.generation == nil ? 0 : 1)
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
