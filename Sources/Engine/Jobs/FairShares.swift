/// Who a request is for, and what that says about its turn.
package struct Client: Sendable, Hashable {
    /// Requests of one name share what is theirs.
    package var name: String
    /// How much of a busy model is theirs, in proportion to the others'.
    package var weight: Double

    package init(name: String = "", weight: Double = 1) {
        self.name = name
        self.weight = weight
    }
}

/// What each client has had of a model, so that the next turn is that of the one who has had least.
///
/// The virtual token counter of Sheng et al. 2024 (arXiv:2401.00588), algorithm 1: a client's counter
/// rises by the cost of what it is served, divided by its weight. Nothing is saved up while a client is
/// away: it begins with no less than the one among those present who has had least, or had when they
/// left.
struct FairShares {
    private var counters: [String: Double] = [:]
    private var present: Set<String> = []
    private var level = 0.0

    /// - Parameter clients: those that have requests now.
    mutating func update(present clients: Set<Client>) {
        let names = Set(clients.map(\.name))
        for name in names.subtracting(present) {
            counters[name] = max(counters[name] ?? 0, level)
        }
        present = names
        level = max(level, names.compactMap { counters[$0] }.min() ?? 0)
    }

    mutating func charge(_ client: Client, _ cost: Double) {
        counters[client.name, default: level] += cost / max(client.weight, 1e-6)
    }

    func served(_ client: Client) -> Double { counters[client.name] ?? level }
}
