import PluginABI
import Synchronization

/// What a `roost_model` points to.
final class ModelBox: Sendable {
    let model: any Model
    let text: TextBox?
    let encode: EncodeBox?
    let vectors: VectorsBox?
    let tasks: [TaskDescription]
    let decodes: Bool
    let draws: Bool
    let testsItself: Bool
    let poisoned = Atomic(false)
    let contexts = Atomic(0)

    init(_ model: some Model) {
        self.model = model
        text = (model as? any TextModel).map(TextBox.init)
        encode = (model as? any EncoderDecoderModel).map(EncodeBox.init)
        vectors = (model as? any VectorModel).map(VectorsBox.init)
        tasks = (model as? any TaskModel)?.tasks ?? []
        decodes = Self.contextType(of: model) is any DecodeContext.Type
        draws = Self.contextType(of: model) is any ImageContext.Type
        testsItself = Self.contextType(of: model) is any SelfTestingContext.Type
    }

    /// The object of `info_json`.
    var infoJSON: String {
        model.info.json(vectors: vectors?.capabilities, tasks: tasks)
    }

    private static func contextType<M: Model>(of model: M) -> any ModelContext.Type {
        M.Context.self
    }
}

/// A text model with its vocabulary at an address that stays.
final class TextBox: Sendable {
    let model: any TextModel
    private let vocabulary: Vocabulary
    nonisolated(unsafe) private let bytes: UnsafeMutableBufferPointer<UInt8>
    nonisolated(unsafe) private let offsets: UnsafeMutableBufferPointer<UInt32>
    nonisolated(unsafe) private let attributes: UnsafeMutableBufferPointer<UInt16>

    init(_ model: any TextModel) {
        self.model = model
        vocabulary = model.vocabulary
        bytes = Self.copy(vocabulary.bytes)
        offsets = Self.copy(vocabulary.offsets)
        attributes = Self.copy(vocabulary.attributes.map(\.rawValue))
    }

    deinit {
        bytes.deallocate()
        offsets.deallocate()
        attributes.deallocate()
    }

    /// The vocabulary as the boundary's structure, valid as long as the box.
    var table: roost_vocab {
        roost_vocab(
            struct_size: structSize(roost_vocab.self), n: UInt32(attributes.count),
            bytes: UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self),
            offset: UnsafePointer(offsets.baseAddress),
            attr: UnsafePointer(attributes.baseAddress),
            bos: vocabulary.bos ?? ABI.noToken, eos: vocabulary.eos ?? ABI.noToken,
            eot: vocabulary.eot ?? ABI.noToken, pad: vocabulary.pad ?? ABI.noToken,
            flags: vocabulary.spacePrefix ? VocabularyFlags.spacePrefix.rawValue : 0,
            reserved: 0)
    }

    private static func copy<T>(_ values: [T]) -> UnsafeMutableBufferPointer<T> {
        let copy = UnsafeMutableBufferPointer<T>.allocate(capacity: max(values.count, 1))
        _ = copy.initialize(from: values)
        return UnsafeMutableBufferPointer(start: copy.baseAddress, count: values.count)
    }
}

/// What a `roost_context` points to.
final class ContextBox: Sendable {
    let model: ModelBox
    nonisolated(unsafe) let context: any ModelContext
    nonisolated(unsafe) let decode: (any DecodeContext)?
    nonisolated(unsafe) let encode: (any EncodeContext)?
    nonisolated(unsafe) let vectors: (any VectorContext)?
    nonisolated(unsafe) let tasks: (any TaskContext)?
    nonisolated(unsafe) let images: (any ImageContext)?
    nonisolated(unsafe) let selfTest: (any SelfTestingContext)?
    let poisoned = Atomic(false)
    private let busy = Atomic(false)

    init(_ context: any ModelContext, of model: ModelBox) {
        self.model = model
        self.context = context
        decode = context as? any DecodeContext
        encode = context as? any EncodeContext
        vectors = context as? any VectorContext
        tasks = context as? any TaskContext
        images = context as? any ImageContext
        selfTest = context as? any SelfTestingContext
        model.contexts.add(1, ordering: .relaxed)
    }

    deinit {
        model.contexts.subtract(1, ordering: .relaxed)
    }

    /// Runs a lane call: one at a time, and none after the context or its model is poisoned.
    func lane<Result>(_ body: () throws -> Result) throws -> Result {
        guard !busy.exchange(true, ordering: .acquiring) else {
            throw PluginError(.busy, "another call of this context is running")
        }
        defer { busy.store(false, ordering: .releasing) }
        try checkUsable()
        do {
            return try body()
        } catch {
            note(PluginError(error).flags)
            throw error
        }
    }

    private func checkUsable() throws {
        if PluginImage.shared.isPoisoned {
            throw PluginError(.internal, "the plugin is poisoned", flags: .pluginPoisoned)
        }
        if poisoned.load(ordering: .relaxed) || model.poisoned.load(ordering: .relaxed) {
            throw PluginError(
                .internal,
                "an earlier call failed for good; free the contexts and reopen the model",
                flags: .modelPoisoned)
        }
    }

    private func note(_ flags: ErrorFlags) {
        if flags.contains(.modelPoisoned) {
            poisoned.store(true, ordering: .relaxed)
            model.poisoned.store(true, ordering: .relaxed)
        }
        if flags.contains(.pluginPoisoned) {
            PluginImage.shared.poison()
        }
    }
}
