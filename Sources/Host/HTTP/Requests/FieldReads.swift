import JSON
import Synchronization

/// Records which members of a body have been read, and so which are left.
final class FieldReads: Sendable {
    private struct State {
        /// In the order in which they were opened, by their paths.
        var objects: [(path: String, members: JSONObject)] = []
        var asked: [String: Set<String>] = [:]
        var whole: Set<String> = []
    }

    private let state = Mutex(State())

    /// A member that was not read.
    struct Leftover {
        /// Where its object stands; empty for the body.
        let path: String
        let name: String
        let value: JSONValue
        /// What has been read in the same object.
        let asked: Set<String>
    }

    func opened(_ path: String, _ members: JSONObject) {
        state.withLock { state in
            guard !state.objects.contains(where: { $0.path == path }) else { return }
            state.objects.append((path, members))
        }
    }

    func asked(for name: String, in path: String) {
        state.withLock { _ = $0.asked[path, default: []].insert(name) }
    }

    /// All members of an object have been taken, whatever their names.
    func takenWhole(_ path: String) {
        state.withLock { _ = $0.whole.insert(path) }
    }

    /// The members of the body itself.
    var body: JSONObject? {
        state.withLock { $0.objects.first { $0.path.isEmpty }?.members }
    }

    /// The unread members, except those that are null.
    var leftovers: [Leftover] {
        state.withLock { state in
            state.objects.filter { !state.whole.contains($0.path) }.flatMap { path, members in
                let asked = state.asked[path] ?? []
                return members.members.filter { !$0.value.isNull && !asked.contains($0.key) }.map {
                    Leftover(path: path, name: $0.key, value: $0.value, asked: asked)
                }
            }
        }
    }
}
