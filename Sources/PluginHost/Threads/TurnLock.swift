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
