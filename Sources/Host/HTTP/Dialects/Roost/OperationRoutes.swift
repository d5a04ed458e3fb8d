import Hummingbird
import JSON

/// `/healthz` (also `/health`), `/readyz` and `/metrics`.
struct OperationRoutes {
    let models: Models
    let workload: Workload
    let metrics: HTTPMetrics

    var routes: [Route] {
        [
            Route(.get, "/healthz", .open, alive),
            Route(.get, "/health", .open, alive),
            Route(.get, "/readyz", .open, ready),
            Route(.get, "/metrics", .open, measurements),
        ]
    }

    private func alive(_ request: Request, _ context: HTTPContext) async throws -> Response {
        Response(["status": "ok"])
    }

    /// 503 until all models that load at the start are up, and again while the host stops.
    private func ready(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let waiting = models.notReady
        if workload.isDraining {
            return Response(status: .serviceUnavailable, ["status": "stopping"])
        }
        if waiting.isEmpty { return Response(["status": "ready"]) }
        let names = JSONValue.array(waiting.map { .string($0) })
        return Response(status: .serviceUnavailable, ["status": "loading", "waiting_for": names])
    }

    private func measurements(_ request: Request, _ context: HTTPContext) async throws -> Response {
        var text = PrometheusText()
        metrics.write(to: &text)
        ModelMetrics(models).write(to: &text)
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text.text)))
    }
}
