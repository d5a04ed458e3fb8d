package import PluginHost
import Synchronization

/// The adapters of one model by name. They outlive its workers and revisions: every model that starts
/// gets all of them before it serves, under the numbers that they had.
package final class ModelAdapters: Sendable {
    /// An adapter as an admin sees it.
    package struct Status: Sendable, Equatable {
        package let name: String
        package let source: AdapterSource
        /// Nil before the model has been up.
        package let description: AdapterDescription?
        /// Requests that use it.
        package let inUse: Int
        /// Why requests for it are refused at present.
        package let failure: String?
    }

    fileprivate struct Entry {
        let name: String
        let number: UInt32
        let source: AdapterSource
        let uses = InFlightCount()
        var description: AdapterDescription?
        var failure: String?
        /// It is being removed: nobody gets it any more.
        var isLeaving = false
    }

    /// A model that is up, and what it has loaded.
    fileprivate struct Holder {
        weak var model: (any LoadedModel)?
        var numbers: Set<UInt32> = []
    }

    fileprivate struct State {
        var entries: [Entry] = []
        var holders: [Holder] = []
        var lastNumber: UInt32 = 0

        mutating func newNumber() -> UInt32 {
            lastNumber += 1
            return lastNumber
        }
    }

    private let state: Mutex<State>
    /// Held while models load or unload adapters, so that a model that starts meanwhile misses none.
    private let changes = TurnLock()

    /// - Parameter sources: what every model gets, by distinct names.
    package init(_ sources: [(name: String, source: AdapterSource)] = []) {
        var state = State()
        state.entries = sources.map { name, source in
            Entry(name: name, number: state.newNumber(), source: source)
        }
        self.state = Mutex(state)
    }

    /// In the order in which they were named.
    package var all: [Status] { state.withLock { $0.entries.map(\.status) } }

    /// The right to generate text with an adapter, which is not unloaded before it is given back.
    ///
    /// - Throws: `AdapterError.unknown`, `.unusable`.
    package func lease(_ name: String) throws(AdapterError) -> AdapterLease {
        let found = state.withLock { state -> Result<AdapterLease, AdapterError> in
            guard let entry = state.entries.first(where: { $0.name == name }), !entry.isLeaving
            else { return .failure(.unknown(name)) }
            if let failure = entry.failure {
                return .failure(.unusable(name, reason: failure))
            }
            return .success(AdapterLease(entry))
        }
        return try found.get()
    }
}

// MARK: - With models

extension ModelAdapters {
    /// Loads the adapters into every model that a supervisor has and will have. Blocks.
    ///
    /// - Throws: the failure of the model that is up now, or of an adapter there; in later ones an adapter
    ///   that fails is refused to requests, so that the model itself serves on.
    package func follow(_ supervisor: ModelSupervisor) throws {
        let isFirst = Atomic(true)
        try supervisor.prepare { [self] model in
            try load(into: model, strictly: isFirst.load(ordering: .relaxed))
        }
        isFirst.store(false, ordering: .relaxed)
    }

    private func load(into model: any LoadedModel, strictly: Bool) throws {
        try changes.exclusively {
            let (entries, held) = state.withLock { ($0.entries, $0.held(by: model)) }
            for entry in entries where !held.contains(entry.number) {
                do {
                    note(try model.loadAdapter(entry.source, as: entry.number), entry, in: model)
                } catch let failure as ModelFailure {
                    guard case .refused = failure, !failure.isFatal, !strictly else {
                        throw AdapterError.failed(entry.name, reason: failure.description)
                    }
                    state.withLock { $0.change(entry.number) { $0.failure = "\(failure)" } }
                }
            }
        }
    }

    /// Loads an adapter into the models that are up, which serve on, and into all later ones. Blocks.
    ///
    /// - Throws: `AdapterError`; it is then nowhere.
    package func add(_ name: String, _ source: AdapterSource) throws {
        guard Self.isName(name) else { throw AdapterError.name(name) }
        try changes.exclusively {
            var entry = try state.withLock { state -> Entry in
                guard !state.entries.contains(where: { $0.name == name }) else {
                    throw AdapterError.exists(name)
                }
                return Entry(name: name, number: state.newNumber(), source: source)
            }
            var holders: [any LoadedModel] = []
            var loss: ModelFailure?
            for model in liveModels {
                do {
                    entry.description = try model.loadAdapter(source, as: entry.number)
                    holders.append(model)
                } catch let failure as ModelFailure {
                    if case .refused = failure, !failure.isFatal {
                        for holder in holders { try? holder.unloadAdapter(entry.number) }
                        throw AdapterError.failed(name, reason: failure.description)
                    }
                    // The model that takes its place will load it.
                    loss = failure
                }
            }
            guard let description = entry.description else {
                throw AdapterError.noModel(loss?.description ?? "it is not loaded")
            }
            state.withLock { $0.entries.append(entry) }
            for holder in holders { note(description, entry, in: holder) }
        }
    }

    /// Unloads an adapter when the requests that use it have ended.
    ///
    /// - Parameter limit: how long they are waited for; new ones are refused meanwhile.
    /// - Throws: `AdapterError.unknown`, `.inUse`; it then stays.
    package func remove(_ name: String, within limit: Duration) async throws(AdapterError) {
        let found = state.withLock { state -> Entry? in
            guard let entry = state.entries.first(where: { $0.name == name }), !entry.isLeaving
            else { return nil }
            state.change(entry.number) { $0.isLeaving = true }
            return entry
        }
        guard let entry = found else { throw .unknown(name) }
        await entry.uses.waitForZero(atMost: limit)
        let left = entry.uses.count
        guard left == 0 else {
            state.withLock { $0.change(entry.number) { $0.isLeaving = false } }
            throw .inUse(name, requests: left)
        }
        await BlockingThread.run("roost-adapters") { [self] in unload(entry) }
    }

    private func unload(_ entry: Entry) {
        changes.exclusively {
            for model in liveModels { try? model.unloadAdapter(entry.number) }
            state.withLock { state in
                state.entries.removeAll { $0.number == entry.number }
                for index in state.holders.indices {
                    state.holders[index].numbers.remove(entry.number)
                }
            }
        }
    }

    private var liveModels: [any LoadedModel] {
        state.withLock { state in
            state.holders.removeAll { $0.model == nil }
            return state.holders.compactMap(\.model)
        }
    }

    private func note(
        _ description: AdapterDescription, _ entry: Entry, in model: any LoadedModel
    ) {
        state.withLock { state in
            state.hold(entry.number, in: model)
            state.change(entry.number) { ($0.description, $0.failure) = (description, nil) }
        }
    }

    /// Names stand behind the model's and a colon.
    package static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 200 && !name.contains(":")
            && name.unicodeScalars.allSatisfy { $0.value > 32 && $0.value != 127 }
    }
}

extension ModelAdapters.Entry {
    fileprivate var status: ModelAdapters.Status {
        ModelAdapters.Status(
            name: name, source: source, description: description, inUse: uses.count,
            failure: failure)
    }
}

extension ModelAdapters.State {
    fileprivate mutating func change(_ number: UInt32, _ body: (inout ModelAdapters.Entry) -> Void)
    {
        guard let index = entries.firstIndex(where: { $0.number == number }) else { return }
        body(&entries[index])
    }

    /// What a model has loaded, which is followed from now on.
    fileprivate mutating func held(by model: any LoadedModel) -> Set<UInt32> {
        if let holder = holders.first(where: { $0.model === model }) { return holder.numbers }
        holders.append(ModelAdapters.Holder(model: model))
        return []
    }

    fileprivate mutating func hold(_ number: UInt32, in model: any LoadedModel) {
        guard let index = holders.firstIndex(where: { $0.model === model }) else { return }
        holders[index].numbers.insert(number)
    }
}

/// The right to generate text with an adapter.
package final class AdapterLease: Sendable {
    package let name: String
    /// What batches call it by.
    let number: UInt32
    private let uses: InFlightCount

    fileprivate init(_ entry: ModelAdapters.Entry) {
        (name, number, uses) = (entry.name, entry.number, entry.uses)
        uses.add()
    }

    deinit {
        uses.remove()
    }
}

/// Why an adapter is not there, or stays.
package enum AdapterError: Error, Equatable, Sendable, CustomStringConvertible {
    case unknown(String)
    /// The model started without it.
    case unusable(String, reason: String)
    case exists(String)
    case name(String)
    /// The model cannot use it.
    case failed(String, reason: String)
    case noModel(String)
    case inUse(String, requests: Int)

    package var description: String {
        switch self {
        case .unknown(let name): "there is no adapter '\(name)'"
        case .unusable(let name, let reason):
            "adapter '\(name)' could not be loaded again: \(reason); remove it, or reload the model once "
                + "it is mended"
        case .exists(let name):
            "there is an adapter '\(name)' already; remove it first, or take another name"
        case .name(let name):
            "'\(name)' cannot name an adapter; expected 1 to 200 characters without spaces and colons"
        case .failed(let name, let reason): "adapter '\(name)': \(reason)"
        case .noModel(let reason):
            "no model is there to load the adapter into: \(reason); load it first"
        case .inUse(let name, let requests):
            "\(requests) requests still use adapter '\(name)'; try again when they have ended"
        }
    }
}
