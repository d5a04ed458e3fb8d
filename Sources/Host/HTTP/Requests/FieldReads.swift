import JSON
import Synchronization

/// Records which members of a body have been read, and so which are left.
final class FieldReads: Sendable {
    private struct State {
        /// In the order in which they were opened, by their paths.
        var objects: [Opened] = []
        var asked: [String: Set<String>] = [:]
        var whole: Set<String> = []
    }

    private let state = Mutex(State())

    struct Opened {
        let path: String
        let members: JSONObject
        /// The meaning of members that are not read by name.
        let table: FieldTable
    }

    /// A member that was not read.
    struct Leftover {
        /// Where its object stands; empty for the body.
        let path: String
        let name: String
        let value: JSONValue
        /// What has been read in the same object.
        let asked: Set<String>
        let table: FieldTable

        /// Its path in the body.
        var fullName: String { path.isEmpty ? name : "\(path).\(name)" }
    }

    func opened(_ object: Opened) {
        state.withLock { state in
            guard !state.objects.contains(where: { $0.path == object.path }) else { return }
            state.objects.append(object)
        }
    }

    func asked(for name: String, in path: String) {
        state.withLock { _ = $0.asked[path, default: []].insert(name) }
    }

    /// All members of an object have been taken, whatever their names.
    func takenWhole(_ path: String) {
        state.withLock { _ = $0.whole.insert(path) }
    }

    /// The body and what was opened in it.
    var objects: [Opened] { state.withLock { $0.objects } }

    /// The unread members, except those that are null.
    var leftovers: [Leftover] {
        state.withLock { state in
            state.objects.filter { !state.whole.contains($0.path) }.flatMap { object in
                let asked = state.asked[object.path] ?? []
                let left = object.members.members.filter {
                    !$0.value.isNull && !asked.contains($0.key)
                }
                return left.map {
                    Leftover(
                        path: object.path, name: $0.key, value: $0.value, asked: asked,
                        table: object.table)
                }
            }
        }
    }
}
