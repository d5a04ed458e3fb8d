import Foundation
import TensorRuntime
import Testing

/// Weights that quantizers of Hugging Face models store in several tensors.
@Suite struct QuantizedWeightsTests {
    /// A tensor of a safetensors file.
    struct Part {
        let name: String
        let type: String
        let shape: [Int]
        let bytes: [UInt8]

        static func words(_ name: String, _ shape: [Int], _ words: [UInt32]) -> Part {
            Part(name: name, type: "I32", shape: shape, bytes: words.flatMap(GGUFBuilder.bytes))
        }

        static func floats(_ name: String, _ shape: [Int], _ floats: [Float]) -> Part {
            Part(name: name, type: "F32", shape: shape, bytes: GGUFBuilder.floats(floats))
        }

        static func longs(_ name: String, _ values: [Int]) -> Part {
            Part(
                name: name, type: "I64", shape: [values.count],
                bytes: values.flatMap { GGUFBuilder.bytes(Int64($0)) })
        }
    }

    private static func open(_ configuration: String, _ parts: [Part]) throws -> Checkpoint {
        var (begin, entries, data) = (0, [String](), [UInt8]())
        for part in parts {
            let end = begin + part.bytes.count
            entries.append(
                """
                "\(part.name)":{"dtype":"\(part.type)","shape":\(part.shape),\
                "data_offsets":[\(begin),\(end)]}
                """)
            data += part.bytes
            begin = end
        }
        let scratch = try Scratch()
        let header = "{\(entries.joined(separator: ","))}"
        _ = try scratch.file("config.json", configuration.utf8)
        _ = try scratch.file(
            "model.safetensors", SafetensorsBuilder.file(header, data: data))
        return try Checkpoint.open(scratch.folder.path)
    }

    private static func refusal(_ configuration: String, _ parts: [Part]) throws -> String {
        try #require(
            #expect(throws: CheckpointError.self) { try open(configuration, parts) }
        ).description
    }

    private static func weight(_ configuration: String, _ parts: [Part]) throws -> Tensor {
        let checkpoint = try open(configuration, parts)
        #expect(checkpoint.tensors.keys.sorted() == ["a.bias", "a.weight"])
        let entry = try #require(checkpoint.tensors["a.weight"])
        let tensor = try entry.read()
        #expect(tensor.shape == entry.shape)
        return tensor
    }

    private static let bias = Part.floats("a.bias", [1], [0])
}

// MARK: - Eight-bit floats

extension QuantizedWeightsTests {
    private static let fp8 = #"{"quantization_config": {"quant_method": "fp8"}}"#

    /// 1.5 · 2ⁿ⁻⁷ · sign for a few n: byte = sign, exponent, 100.
    private static func byte(_ n: Int) -> UInt8 { UInt8(n % 15) << 3 | 4 | UInt8(n % 2) << 7 }
    private static func value(_ n: Int) -> Float {
        let exponent = n % 15
        let size: Float =
            exponent == 0
            ? 4 / 512 : 1.5 * Float(sign: .plus, exponent: exponent - 7, significand: 1)
        return n % 2 == 0 ? size : -size
    }

    @Test(arguments: ["weight_scale_inv", "weight_scale"])
    func aGridOfScalesMultipliesItsBlocks(_ name: String) throws {
        let (rows, columns) = (130, 257)
        let scales: [Float] = [1, 2, 0.5, 4, 0.25, 8]
        let weight = try Self.weight(
            Self.fp8,
            [
                Part(
                    name: "a.weight", type: "F8_E4M3", shape: [rows, columns],
                    bytes: (0..<rows * columns).map(Self.byte)),
                .floats("a.\(name)", [2, 3], scales), .floats("a.input_scale", [1], [3]), Self.bias,
            ])
        let expected = (0..<rows * columns).map { place in
            Self.value(place) * scales[place / columns / 128 * 3 + place % columns / 128]
        }
        #expect(weight.element == .f16)
        #expect(try dequantize(weight).floats == expected)
    }

    @Test(arguments: [[1], [], [3], [3, 1]])
    func aScaleIsOfTheWholeOrOfARow(_ shape: [Int]) throws {
        let count = shape.reduce(1, *)
        let scales: [Float] = Array([2, 0.5, 300].prefix(count))
        let weight = try Self.weight(
            Self.fp8,
            [
                Part(
                    name: "a.weight", type: "F8_E4M3", shape: [3, 5],
                    bytes: (0..<15).map(Self.byte)),
                .floats("a.weight_scale", shape, scales), Self.bias,
            ])
        let expected = (0..<15).map { Self.value($0) * scales[count == 1 ? 0 : $0 / 5] }
        // 448 · 300 is beyond half precision.
        #expect(weight.element == (count == 1 ? .f16 : .f32))
        #expect(try dequantize(weight).floats == expected)
    }

    @Test func everyByteIsItsNumber() throws {
        let weight = try Self.weight(
            Self.fp8,
            [
                Part(
                    name: "a.weight", type: "F8_E4M3", shape: [1, 256],
                    bytes: (0..<256).map { UInt8($0) }),
                .floats("a.weight_scale", [1], [1]), Self.bias,
            ])
        let numbers = try dequantize(weight).floats
        #expect(numbers[0] == 0 && numbers[1] == 1 / 512 && numbers[8] == 1 / 64)
        #expect(numbers[0x38] == 1 && numbers[0x7e] == 448 && numbers[0xfe] == -448)
        #expect(numbers[0x7f].isNaN && numbers[0xff].isNaN)
        #expect(zip(numbers[0..<126], numbers[1..<127]).allSatisfy { $0 < $1 })
    }

    @Test func aScaleThatIsMissingOrDoesNotFitIsNamed() throws {
        let weight = Part(
            name: "a.weight", type: "F8_E4M3", shape: [2, 130],
            bytes: [UInt8](repeating: 0, count: 260))
        #expect(
            try Self.refusal(Self.fp8, [weight]).contains("tensor 'a.weight_scale' is missing"))
        let scales = Part.floats("a.weight_scale_inv", [2, 2], [1, 1, 1, 1])
        #expect(
            try Self.refusal(Self.fp8, [weight, scales])
                .contains("'a.weight_scale_inv' has shape [2, 2], expected [1, 2]"))
    }
}

// MARK: - Integers

extension QuantizedWeightsTests {
    /// Numbers of four bits with scales and zero points, [N, K] in groups of 64.
    struct Integers {
        static let (rows, columns, group) = (24, 192, 64)
        static var groups: Int { columns / group }
        let quants: [Int]
        let scales: [Float]  // [N, groups]
        let zeros: [Int]  // [N, groups]

        init(symmetric: Bool) {
            quants = (0..<Self.rows * Self.columns).map { ($0 * 7 + $0 / 5) % 16 }
            scales = (0..<Self.rows * Self.groups).map { Float($0 % 9 + 1) / 64 }
            zeros = (0..<Self.rows * Self.groups).map { symmetric ? 8 : $0 % 13 + 1 }
        }

        func weight(_ row: Int, _ column: Int) -> Float {
            let place = row * Self.groups + column / Self.group
            return scales[place] * Float(quants[row * Self.columns + column] - zeros[place])
        }

        var weights: [Float] {
            (0..<Self.rows * Self.columns).map { weight($0 / Self.columns, $0 % Self.columns) }
        }
    }

    /// Words of a matrix whose rows are packed.
    private static func packed(
        _ rows: Int, _ columns: Int, order: [Int] = Array(0..<8), _ at: (Int, Int) -> Int
    ) -> [UInt32] {
        (0..<rows * columns / 8).map { word in
            let (row, part) = word.quotientAndRemainder(dividingBy: columns / 8)
            return order.enumerated().reduce(0) { sum, next in
                sum | UInt32(at(row, part * 8 + next.element)) << UInt32(4 * next.offset)
            }
        }
    }

    /// Words of a matrix whose columns are packed.
    private static func packedDown(
        _ rows: Int, _ columns: Int, _ at: (Int, Int) -> Int
    ) -> [UInt32] {
        (0..<rows / 8 * columns).map { word in
            let (part, column) = word.quotientAndRemainder(dividingBy: columns)
            return (0..<8).reduce(0) { $0 | UInt32(at(part * 8 + $1, column)) << UInt32(4 * $1) }
        }
    }

    private typealias I = Integers

    private static func expect(_ weight: Tensor, _ integers: Integers) throws {
        let symmetric = integers.zeros.allSatisfy { $0 == 8 }
        #expect(weight.element == (symmetric ? .q4_0 : .q4_1))
        // Scales and zeros of the test are exact in half precision.
        #expect(try dequantize(weight).floats == integers.weights)
    }

    private static func gptq(
        _ integers: Integers, less: Int, order: [Int]? = nil
    ) -> [Part] {
        let (rows, columns, groups) = (I.rows, I.columns, I.groups)
        return [
            .words(
                "a.qweight", [columns / 8, rows],
                packedDown(columns, rows) { integers.quants[$1 * columns + $0] }),
            .words(
                "a.qzeros", [groups, rows / 8],
                packed(groups, rows) { integers.zeros[$1 * groups + $0] - less }),
            .floats(
                "a.scales", [groups, rows],
                (0..<rows * groups).map { integers.scales[$0 % rows * groups + $0 / rows] }),
            .words(
                "a.g_idx", [columns],
                (0..<columns).map { UInt32(order?[$0] ?? $0 / I.group) }), bias,
        ]
    }

    @Test(arguments: [true, false]) func gptqIsOpenedAsBlocks(_ symmetric: Bool) throws {
        let integers = Integers(symmetric: symmetric)
        for (format, less) in [("gptq", 1), ("gptq_v2", 0)] {
            let weight = try Self.weight(
                """
                {"quantization_config": {"quant_method": "gptq", "bits": 4,
                "checkpoint_format": "\(format)"}}
                """, Self.gptq(integers, less: less))
            try Self.expect(weight, integers)
        }
    }

    @Test func gptqWithGroupsOfSortedColumnsIsRefused() throws {
        let parts = Self.gptq(
            Integers(symmetric: true), less: 1, order: (0..<I.columns).map { $0 % 3 })
        let message = try Self.refusal(
            #"{"quantization_config": {"quant_method": "gptq", "bits": 4}}"#, parts)
        #expect(message.contains("'quantization_config.desc_act' is true"))
        #expect(message.contains("use a GGUF file"))
    }

    @Test(arguments: [true, false]) func awqIsOpenedAsBlocks(_ symmetric: Bool) throws {
        let integers = Integers(symmetric: symmetric)
        let (rows, columns, groups) = (I.rows, I.columns, I.groups)
        let order = [0, 2, 4, 6, 1, 3, 5, 7]
        let weight = try Self.weight(
            #"{"quantization_config": {"quant_method": "awq", "bits": 4, "version": "gemm"}}"#,
            [
                .words(
                    "a.qweight", [columns, rows / 8],
                    Self.packed(columns, rows, order: order) {
                        integers.quants[$1 * columns + $0]
                    }),
                .words(
                    "a.qzeros", [groups, rows / 8],
                    Self.packed(groups, rows, order: order) { integers.zeros[$1 * groups + $0] }),
                .floats(
                    "a.scales", [groups, rows],
                    (0..<rows * groups).map { integers.scales[$0 % rows * groups + $0 / rows] }),
                Self.bias,
            ])
        try Self.expect(weight, integers)
    }

    @Test(arguments: [true, false]) func compressedTensorsAreOpenedAsBlocks(
        _ symmetric: Bool
    ) throws {
        let integers = Integers(symmetric: symmetric)
        let (rows, columns, groups) = (I.rows, I.columns, I.groups)
        var parts: [Part] = [
            .words(
                "a.weight_packed", [rows, columns / 8],
                Self.packed(rows, columns) { integers.quants[$0 * columns + $1] }),
            .floats("a.weight_scale", [rows, groups], integers.scales),
            .longs("a.weight_shape", [rows, columns]), Self.bias,
        ]
        if !symmetric {
            parts.append(
                .words(
                    "a.weight_zero_point", [rows / 8, groups],
                    Self.packedDown(rows, groups) { integers.zeros[$0 * groups + $1] }))
        }
        let configuration = """
            {"quantization_config": {"quant_method": "compressed-tensors",
            "format": "pack-quantized"}}
            """
        try Self.expect(try Self.weight(configuration, parts), integers)
    }

    @Test func signedBytesWithAScaleForEachRowAreOpenedAsBlocks() throws {
        let weight = try Self.weight(
            """
            {"quantization_config": {"quant_method": "compressed-tensors",
            "format": "int-quantized"}}
            """,
            [
                Part(
                    name: "a.weight", type: "I8", shape: [2, 64],
                    bytes: (0..<128).map { UInt8(truncatingIfNeeded: $0 * 5) }),
                .floats("a.weight_scale", [2, 1], [0.5, 2]), Self.bias,
            ])
        #expect(weight.element == .q8_0)
        let expected = (0..<128).map {
            Float(Int8(truncatingIfNeeded: $0 * 5)) * ($0 < 64 ? 0.5 : 2)
        }
        #expect(try dequantize(weight).floats == expected)
    }

    @Test(arguments: [
        (#""quant_method": "gptq", "bits": 3"#, "'quantization_config.bits' is 3, expected 4, 8"),
        (
            #""quant_method": "awq", "version": "gemv""#,
            "'quantization_config.version' is gemv, expected gemm"
        ),
        (
            #""quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized""#,
            "'quantization_config.format' is nvfp4-pack-quantized, expected pack-quantized"
        ),
    ])
    func aVariantThatIsNotReadIsNamed(_ configuration: String, _ message: String) throws {
        let found = try Self.refusal("{\"quantization_config\": {\(configuration)}}", [Self.bias])
        #expect(found.contains(message))
    }

    @Test func partsThatDoNotFitEachOtherAreNamed() throws {
        let gptq = #"{"quantization_config": {"quant_method": "gptq", "bits": 4}}"#
        let integers = Integers(symmetric: true)
        for index in 0..<3 {
            var parts = Self.gptq(integers, less: 1)
            let name = parts.remove(at: index).name
            if index == 0 { continue }
            #expect(try Self.refusal(gptq, parts).contains("tensor '\(name)' is missing"))
        }
        var parts = Self.gptq(integers, less: 1)
        parts[1] = .words("a.qzeros", [1, 3], [0, 0, 0])
        #expect(try Self.refusal(gptq, parts).contains("tensor 'a.qzeros' has shape [1, 3]"))
        parts[0] = .floats("a.qweight", [24, 24], [Float](repeating: 0, count: 576))
        #expect(try Self.refusal(gptq, parts).contains("stored as F32, expected words"))
    }
}
