import CKernels

/// Writes a GGUF checkpoint again, with its tensors in other types, a part of a tensor at a time.
///
/// Metadata and tensors keep their order and their bytes, except for what says how the file is stored.
public final class GGUFRewriting {
    /// The bytes of the new file's tensors.
    public let bytes: Int
    /// Those of them that are written.
    public private(set) var written = 0

    private let file: UnfinishedFile
    private let replaces: Bool
    private var rest: ArraySlice<Copy>
    private var start = 0

    private struct Copy {
        let entry: TensorEntry
        let type: ElementType
    }

    /// The numbers that are rounded at a time: whole blocks of any type.
    private static let part = 1 << 20
    /// Of them, those of one thread.
    private static let share = 1 << 14

    /// - Parameters:
    ///   - type: of a tensor in the new file; its own, or one of `types`.
    ///   - fileType: `general.file_type` of the new file.
    ///   - path: of the new file; nothing is there until `advance` returns true.
    ///   - replacing: whether one that is there may go.
    /// - Throws: `CheckpointError.exists`, `.unwritable`, `.unsupportedType` for a tensor that cannot be
    ///   read.
    public init(
        _ checkpoint: Checkpoint, _ metadata: GGUFMetadata, fileType: Int, to path: String,
        replacing: Bool, type: (TensorEntry) throws -> ElementType
    ) throws {
        let copies = try checkpoint.tensors.values.sorted(by: Self.isEarlier).map {
            let chosen = try type($0)
            guard chosen == $0.type.element || $0.type.element?.isReadable == true else {
                throw CheckpointError.unsupportedType(tensor: $0.name, type: $0.type.name)
            }
            return Copy(entry: $0, type: chosen)
        }
        var header = GGUFHeader()
        for key in metadata.keysInOrder where !Self.isAboutStorage(key) {
            if let value = metadata.value(key) { header.add(key, value, of: metadata.file) }
        }
        header.add("general.quantization_version", 2)
        header.add("general.file_type", UInt32(fileType))
        for copy in copies { header.add(copy.entry.name, shape: copy.entry.shape, copy.type) }
        bytes = header.dataEnd
        rest = copies[...]
        replaces = replacing
        file = try CheckpointError.at(path) {
            let file = try UnfinishedFile(path, replacing: replacing)
            try header.bytes.withUnsafeBytes(file.append)
            return file
        }
    }

    /// Types that weights can be written in.
    public static let types: Set<ElementType> = [
        .f32, .f16, .bf16, .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K,
        .iq4_nl, .iq4_xs, .mxfp4,
    ]

    private static func isAboutStorage(_ key: String) -> Bool {
        key.hasPrefix("split.") || key.hasPrefix("quantize.")
            || ["general.alignment", "general.file_type", "general.quantization_version"]
                .contains(key)
    }

    private static func isEarlier(_ a: TensorEntry, _ b: TensorEntry) -> Bool {
        (a.file.path, a.bytes.lowerBound, a.name) < (b.file.path, b.bytes.lowerBound, b.name)
    }

    /// Writes for about so long.
    ///
    /// - Returns: whether the file is whole.
    /// - Throws: `CheckpointError.unwritable`, `.notFinite`; then the file is not to be finished.
    public func advance(for limit: Duration) throws -> Bool {
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while let copy = rest.first {
            try writePart(of: copy)
            if clock.now >= deadline, !rest.isEmpty { return false }
        }
        try file.finish(replacing: replaces)
        return true
    }

    private func writePart(of copy: Copy) throws {
        let end = min(start + Self.part, copy.entry.elements)
        let out = try part(of: copy, start..<end)
        try out.withUnsafeBytes(file.append)
        written += out.count
        start = end
        guard end == copy.entry.elements else { return }
        let size = copy.type.bytes(of: copy.entry.elements)
        let padding = [UInt8](repeating: 0, count: GGUFHeader.padded(size) - size)
        try padding.withUnsafeBytes(file.append)
        written += padding.count
        copy.entry.file.forgetResidentPages()
        start = 0
        rest.removeFirst()
    }

    /// Some numbers of a tensor, in the new type.
    private func part(of copy: Copy, _ range: Range<Int>) throws -> [UInt8] {
        guard let old = copy.entry.type.element else { return [] }
        let from = copy.entry.bytes.lowerBound + old.bytes(of: range.lowerBound)
        let stored = from..<from + old.bytes(of: range.count)
        if old == copy.type { return copy.entry.file.array(stored) }
        let count = range.count
        let floats = Tensor(uninitialized: [count])
        let out = Tensor(copy.type, uninitialized: [count])
        let decode = Dequantizer.numbers(old)
        let shares = (count + Self.share - 1) / Self.share
        let isFinite = Tensor(.i8, uninitialized: [shares])
        copy.entry.file.withBytes(stored) { bytes in
            ThreadPool.shared.parallel(shares) { share in
                let begin = share * Self.share
                let length = min(Self.share, count - begin)
                let x: UnsafeMutablePointer<Float> = floats.data() + begin
                let source = bytes.baseAddress.map { $0 + old.bytes(of: begin) }
                guard let source else { return }
                if let decode {
                    decode(source, x, length)
                } else {
                    UnsafeMutableRawPointer(x).copyMemory(from: source, byteCount: 4 * length)
                }
                isFinite.data(as: Bool.self)[share] =
                    (0..<length).reduce(Float(0)) { $0 + (x[$1] - x[$1]) } == 0
                Self.round(
                    x, length, to: copy.type, out.storage.base + copy.type.bytes(of: begin))
            }
        }
        let allFinite = withExtendedLifetime((floats, out)) {
            (0..<shares).allSatisfy { isFinite.data(as: Bool.self)[$0] }
        }
        guard allFinite else {
            throw CheckpointError.notFinite(tensor: copy.entry.name)
        }
        return out.withBytes { Array($0) }
    }

    private static func round(
        _ x: UnsafePointer<Float>, _ count: Int, to type: ElementType,
        _ out: UnsafeMutableRawPointer
    ) {
        switch type {
        case .f32: out.copyMemory(from: x, byteCount: 4 * count)
        case .f16: rk_narrow_f16(out.assumingMemoryBound(to: UInt16.self), x, count)
        case .bf16: rk_narrow_bf16(out.assumingMemoryBound(to: UInt16.self), x, count)
        default: _ = rk_round_blocks(rk_block_format(rawValue: type.rawValue), out, x, count)
        }
    }
}
