/// Lets threads do something concurrently, or one of them exclusively. An exclusive request goes
/// before later shared ones.
package final class SharedLock: Sendable {
    private struct Use {
        var sharing = 0
        /// The number of exclusive requests, waiting or granted.
        var excluding = 0
        var isExclusive = false
    }

    private let use = Monitor(Use())

    package init() {}

    package func shared<Result>(_ body: () throws -> Result) rethrows -> Result {
        _ = use.wait { use -> Bool? in
            guard use.excluding == 0 else { return nil }
            use.sharing += 1
            return true
        }
        defer { use.withLock { $0.sharing -= 1 } }
        return try body()
    }

    package func exclusively<Result>(_ body: () throws -> Result) rethrows -> Result {
        use.withLock { $0.excluding += 1 }
        _ = use.wait { use -> Bool? in
            guard use.sharing == 0, !use.isExclusive else { return nil }
            use.isExclusive = true
            return true
        }
        defer {
            use.withLock { use in
                use.isExclusive = false
                use.excluding -= 1
            }
        }
        return try body()
    }
}

/// Lets threads do something one at a time, in the order in which they come.
package final class TurnLock: Sendable {
    private let tickets = Monitor((next: 0, served: 0))

    package init() {}

    package func exclusively<Result>(_ body: () throws -> Result) rethrows -> Result {
        let ticket = tickets.withLock { tickets in
            defer { tickets.next += 1 }
            return tickets.next
        }
        _ = tickets.wait { $0.served == ticket ? true : nil }
        defer { tickets.withLock { $0.served += 1 } }
        return try body()
    }
}
