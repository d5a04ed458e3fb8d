import Engine

/// What the models of pictures are doing, as metrics.
struct ImageMetrics {
    private let engines: [(name: String, statistics: ImageStatistics)]

    init(_ engines: [(name: String, statistics: ImageStatistics)]) {
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
        String, PrometheusText.Kind, String, KeyPath<ImageStatistics, Int>
    )
    private typealias Duration = (String, String, KeyPath<ImageStatistics, Histogram>)

    private static var counts: [Count] {
        [
            ("roost_image_requests_open", .gauge, "Requests under way or waiting.", \.open),
            ("roost_image_requests_total", .counter, "Requests taken.", \.accepted),
            ("roost_image_refused_total", .counter, "Those refused by a full queue.", \.refused),
            ("roost_image_cancelled_total", .counter, "Those whose client left.", \.cancelled),
            ("roost_image_failed_total", .counter, "Those that the model failed.", \.failed),
            ("roost_image_pictures_total", .counter, "Pictures made.", \.pictures),
            ("roost_image_steps_total", .counter, "Steps of pictures.", \.steps),
            ("roost_image_previews_total", .counter, "Unfinished pictures shown.", \.previews),
            (
                "roost_image_recoveries_total", .counter, "Times a lost model's work began anew.",
                \.recoveries
            ),
        ]
    }

    private static var durations: [Duration] {
        [
            ("roost_image_queue_seconds", "Time from request to first step.", \.queueTime),
            ("roost_image_request_seconds", "Time from request to last picture.", \.requestTime),
            ("roost_image_step_seconds", "Time per step.", \.stepTime),
        ]
    }
}
