import PluginABI

/// What a plugin's self-test found.
package struct SelfTestReport: Sendable, Equatable {
    /// The plugin's report: `{"passed": bool, "checks": [...]}`.
    package var json: [UInt8] = []

    package init() {}
}

package struct SelfTestCall: ModelCall {
    package typealias Answer = SelfTestReport?
    package static let step = CallStep.selfTest
    private static let reportLimit = 1 << 20
    /// The limit that the plugin is given; the host waits somewhat longer.
    package var limit: Duration

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&limit) }

    package var largestAnswer: Int { Self.reportLimit + 16 }

    package func limit(_ limits: WorkerLimits) -> Duration? { limit * 2 + .seconds(1) }

    package func check(on host: HostSide) {}

    package func perform(on plugin: PluginSide) throws -> SelfTestReport? {
        guard let run = plugin.model.selfTest?.run else { return nil }
        let milliseconds = UInt32(limit.milliseconds)
        var report = SelfTestReport()
        report.json = try OutputSink.collect(Self.step, limit: Self.reportLimit) { sink in
            try plugin.call(Self.step) { run(plugin.model.context, milliseconds, sink, $0) }
        }
        return report
    }
}

extension SelfTestReport: WireValue {
    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&json) }
}

extension LoadedModel {
    /// Runs the plugin's own check on golden data; nil if it has none. Lane.
    package func selfTest(limit: Duration) throws -> SelfTestReport? {
        try call(SelfTestCall(limit: limit))
    }
}
