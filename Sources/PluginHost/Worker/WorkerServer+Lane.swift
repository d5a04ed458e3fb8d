/// The calls into the context.
extension WorkerServer {
    func answerLane(_ call: Frame) throws -> [UInt8]? {
        switch call.kind {
        case .forward: return try forward(try ForwardCall(call.payload))
        case .encode: return try encode(try EncodeCall(call.payload))
        case .length, .clear, .truncate, .fork:
            return try answer(call.kind, try SequenceCall(call.payload))
        case .selfTest:
            return try selfTest(.milliseconds(try Number(call.payload).value))
        case .embed: return try embed(try EmbedCall(call.payload))
        case .classify: return try classify(try TextsCall(call.payload))
        case .scorePairs: return try score(try TextsCall(call.payload))
        case .beginTask: return try begin(try BeginTaskCall(call.payload))
        case .advanceTask: return try advance(try AdvanceTaskCall(call.payload))
        case .endTask:
            let id = TaskID(rawValue: UInt32(truncatingIfNeeded: try Number(call.payload).value))
            try instance.endTask(id, trace: page.laneTrace)
            return []
        default:
            if let answer = try answerImage(call) { return answer }
            throw WireError.unknownKind(call.kind.rawValue)
        }
    }

    private func forward(_ call: ForwardCall) throws -> [UInt8] {
        let instance = try instance
        guard let capabilities = instance.description.decode else {
            throw ModelFailure.unsupported("the model does not decode text")
        }
        guard call.batch.wants.count(where: { $0 }) <= capabilities.logitRows else {
            throw WireError.value("more rows than there is shared memory for")
        }
        try instance.forward(
            call.batch, into: try rows(width: capabilities.vocabularySize),
            try self.call(until: call.deadline))
        return []
    }

    private func encode(_ call: EncodeCall) throws -> [UInt8] {
        try instance.encode(
            call.source, into: call.sequence, try self.call(until: call.deadline))
        return []
    }

    private func answer(_ kind: Frame.Kind, _ call: SequenceCall) throws -> [UInt8] {
        let (instance, trace) = (try instance, page.laneTrace)
        switch kind {
        case .length:
            return Number(try instance.sequenceLength(call.sequence, trace: trace)).payload
        case .clear: try instance.clear(call.sequence, trace: trace)
        case .truncate: try instance.truncate(call.sequence, to: call.length, trace: trace)
        default:
            try instance.fork(call.sequence, to: call.other, length: call.length, trace: trace)
        }
        return []
    }

    private func selfTest(_ limit: Duration) throws -> [UInt8] {
        let report = try instance.runSelfTest(limit: limit, trace: page.laneTrace)
        var writer = WireWriter()
        writer.write(optional: report) { $0.write($1.json) }
        return writer.bytes
    }
}

// MARK: - Vectors

extension WorkerServer {
    private func embed(_ call: EmbedCall) throws -> [UInt8] {
        let instance = try instance
        let width = instance.description.vectors?.dimensions ?? 0
        try instance.embed(
            call.batch, flags: call.flags, into: try rows(width: width),
            try self.call(until: call.deadline))
        return []
    }

    private func classify(_ call: TextsCall) throws -> [UInt8] {
        let instance = try instance
        let width = instance.description.vectors?.labels.count ?? 0
        try instance.classify(
            call.texts, pairs: call.pairs, into: try rows(width: width),
            try self.call(until: call.deadline))
        return []
    }

    private func score(_ call: TextsCall) throws -> [UInt8] {
        let scores = try instance.scores(
            query: call.query, documents: call.texts, try self.call(until: call.deadline))
        var writer = WireWriter()
        writer.write(array: scores.map(\.bitPattern))
        return writer.bytes
    }
}

// MARK: - Tasks

extension WorkerServer {
    private func begin(_ call: BeginTaskCall) throws -> [UInt8] {
        let id = try instance.beginTask(
            call.name, input: call.input, try self.call(until: call.deadline))
        return Number(Int(id.rawValue)).payload
    }

    private func advance(_ call: AdvanceTaskCall) throws -> [UInt8] {
        try instance.advanceTask(
            call.id, for: call.limit, try self.call(until: call.deadline)
        ).payload
    }
}
