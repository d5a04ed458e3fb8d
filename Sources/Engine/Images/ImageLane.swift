import PluginHost

/// The loop of one model's pictures, on a thread of its own.
///
/// Every turn it lets requests leave and join and makes one step of one picture; the requests that have a
/// place take turns, so that each gets its share. It rests without using the processor while there is
/// nothing to do. All state is confined to the thread that runs `run`.
final class ImageLane: @unchecked Sendable {
    let supervisor: ModelSupervisor
    let options: ImageEngineOptions
    let inbox: ImageInbox
    /// In order of arrival.
    private var waiting: [ImageRun] = []
    /// Those that have a place, the one whose turn it is first.
    private var placed: [ImageRun] = []
    /// Pictures that the model holds at the same time; less than the options' where it takes no more.
    private var places: Int
    /// The model that holds the pictures that have begun; kept by the supervisor as long as it lives.
    private weak var model: (any LoadedModel)?

    init(supervisor: ModelSupervisor, options: ImageEngineOptions, inbox: ImageInbox) {
        self.supervisor = supervisor
        self.options = options
        self.inbox = inbox
        places = options.parallel
    }

    func run() {
        var waits = true
        while let arrivals = inbox.collect(waits: waits) {
            waiting += arrivals
            // A model may do other things as well, on lanes of their own.
            waits = !supervisor.lane.exclusively(turnOnce)
        }
        supervisor.lane.exclusively { placed.forEach(letGo) }
        inbox.laneEnded()
    }

    /// - Returns: whether there is more to do at once.
    private func turnOnce() -> Bool {
        sweep()
        let free = max(0, places - placed.count)
        placed += waiting.prefix(free)
        waiting.removeFirst(min(free, waiting.count))
        guard let run = placed.first, let model = currentModel() else { return false }
        placed.append(placed.removeFirst())
        step(run, on: model)
        return true
    }

    /// Lets go of requests that nobody waits for.
    private func sweep() {
        for run in placed + waiting where run.isCancelled {
            inbox.leave(run) { $0.cancelled += 1 }
            remove(run)
        }
    }

    /// The model to call; when there is none, nobody is left waiting for it.
    private func currentModel() -> (any LoadedModel)? {
        do {
            let current = try supervisor.current()
            if current !== model {
                for run in placed { run.restart() }
                model = current
                places = options.parallel
            }
            return current
        } catch {
            for run in placed + waiting { end(run, EngineError(unavailable: error)) }
            return nil
        }
    }

    /// Puts a request back that found no place in the model, until one of the others ends.
    ///
    /// - Returns: false when there are no others.
    func postpone(_ run: ImageRun) -> Bool {
        let begun = placed.count { $0.current.id != nil }
        guard begun > 0 else { return false }
        places = begun
        placed.removeAll { $0 === run }
        waiting.insert(run, at: 0)
        return true
    }
}

// MARK: - Leaving

extension ImageLane {
    func end(_ run: ImageRun, _ error: any Error) {
        inbox.leave(run) { $0.failed += 1 }
        remove(run)
        run.channel.fail(error)
    }

    func finish(_ run: ImageRun) {
        inbox.leave(run) { $0.finished += 1 }
        remove(run)
        run.channel.finish()
    }

    private func remove(_ run: ImageRun) {
        letGo(run)
        placed.removeAll { $0 === run }
        waiting.removeAll { $0 === run }
        places = options.parallel
    }

    /// Hands the model back to its supervisor; the next turn asks for another, in which all pictures begin
    /// anew.
    ///
    /// - Parameter blame: the picture that is to blame.
    func lose(
        _ model: any LoadedModel, because failure: ModelFailure, blaming blame: Blame? = nil
    ) {
        for run in placed { run.restart() }
        inbox.record { $0.recoveries += 1 }
        supervisor.discard(model, because: failure, blaming: blame)
    }

    /// Ends what the model holds of a request.
    func letGo(_ run: ImageRun) {
        guard let id = run.current.id, let model else { return }
        run.current.id = nil
        do {
            try model.endImage(id)
        } catch let failure as ModelFailure where failure.isFatal {
            lose(model, because: failure)
        } catch {
            // Refused: the model has none of that number, which is what was wanted.
        }
    }
}
