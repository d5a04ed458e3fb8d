/// A context that checks its model: `roost.selftest/1`.
public protocol SelfTestingContext: ModelContext {
    /// Runs the checks that fit into `limit`, and restores what it changes.
    func selfTest(within limit: Duration, call: Call) throws -> SelfTestReport
}

/// What a self-test found.
public struct SelfTestReport: Sendable {
    public struct Check: Sendable {
        public let name: String
        public let passed: Bool
        /// The numbers behind the verdict.
        public let detail: String

        public init(_ name: String, passed: Bool, detail: String = "") {
            self.name = name
            self.passed = passed
            self.detail = detail
        }
    }

    public var checks: [Check]

    public init(_ checks: [Check] = []) {
        self.checks = checks
    }

    public var passed: Bool { checks.allSatisfy(\.passed) }

    var json: String {
        var report = JSONObjectWriter()
        report.add("passed", passed)
        report.add("checks", json: "[" + checks.map(\.json).joined(separator: ", ") + "]")
        return report.text
    }
}

extension SelfTestReport.Check {
    fileprivate var json: String {
        var check = JSONObjectWriter()
        check.add("name", name)
        check.add("passed", passed)
        check.add("detail", detail)
        return check.text
    }
}
