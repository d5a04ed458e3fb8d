/// What a plugin's self-test found.
package struct SelfTestReport: Sendable, Equatable {
    /// The plugin's report: `{"passed": bool, "checks": [...]}`.
    package let json: [UInt8]

    package init(json: [UInt8]) {
        self.json = json
    }
}

package struct SelfTestCall: ModelCall {
    package static let step = CallStep.selfTest
    /// Bytes of a report.
    static let reportLimit = 1 << 20
    /// What the plugin is told; it is waited for somewhat longer.
    package let limit: Duration

    package var largestAnswer: Int { Self.reportLimit + 16 }

    package func check(for model: any LoadedModel) {}

    package func limit(_ limits: WorkerLimits) -> Duration? { limit * 2 + .seconds(1) }

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws -> SelfTestReport? {
        try model.runSelfTest(limit: limit, trace: call.trace)
    }
}

extension SelfTestCall {
    package func write(to writer: inout WireWriter) {
        writer.write(limit)
    }

    package init(from reader: inout WireReader) throws {
        limit = try reader.read()
    }

    package static func write(_ report: SelfTestReport?, to writer: inout WireWriter) {
        writer.write(optional: report) { $0.write($1.json) }
    }

    package static func readAnswer(from reader: inout WireReader) throws -> SelfTestReport? {
        try reader.readOptional { SelfTestReport(json: try $0.read()) }
    }
}

extension LoadedModel {
    /// Runs the plugin's own check on golden data; nil when it brings none. Lane.
    package func selfTest(limit: Duration) throws -> SelfTestReport? {
        try call(SelfTestCall(limit: limit))
    }
}
