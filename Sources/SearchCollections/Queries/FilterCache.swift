import GRDB
import Synchronization

/// The rows that passed the most recent filters, for callers that repeat a query while typing.
final class FilterCache: Sendable {
    private struct Entry {
        let text: String
        let arguments: [DatabaseValue]
        let version: Int
        let keys: [Int64]
    }

    private let entries = Mutex<[Entry]>([])
    private static let most = 8

    /// - Parameter version: of the rows; results for other rows do not count.
    func keys(_ filter: FilterSQL, version: Int) -> [Int64]? {
        entries.withLock { entries in
            entries.first {
                $0.version == version && $0.text == filter.text && $0.arguments == filter.arguments
            }?.keys
        }
    }

    func keep(_ keys: [Int64], of filter: FilterSQL, version: Int) {
        let entry = Entry(
            text: filter.text, arguments: filter.arguments, version: version, keys: keys)
        entries.withLock { entries in
            entries.removeAll { $0.version != version }
            entries = Array(([entry] + entries).prefix(Self.most))
        }
    }
}
