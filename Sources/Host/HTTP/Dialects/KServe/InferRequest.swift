import Engine
import JSON
import NIOCore

/// The body of `POST /v2/models/{name}/infer`.
struct InferRequest: Sendable {
    struct Output: Sendable {
        let name: String
        /// Nil is what the request says of all.
        let isBinary: Bool?
    }

    let id: String?
    let texts: [String]
    /// The name of the one input.
    let input: String
    /// Nil is all.
    let outputs: [Output]?
    let isBinary: Bool
    let generation: GenerationOptions

    /// - Parameters:
    ///   - data: what follows the JSON.
    ///   - defaults: what the model's settings say of sampling.
    init(
        _ fields: Fields, _ data: ByteBuffer, _ inputs: InputList, model: String,
        _ defaults: SamplingParameters
    ) throws {
        id = try fields.string("id")
        guard let tensors = try fields.array("inputs"), tensors.count == 1 else {
            throw APIError.invalid(
                param: "inputs",
                "has \(fields.value("inputs")?.array?.count ?? 0) tensors, "
                    + "expected one of texts")
        }
        let tensor = try tensors[0].fields(at: "inputs[0]")
        input = try tensor.required("name")
        guard try tensor.required("datatype") == TensorType.bytes.rawValue else {
            throw APIError.unsupported(
                param: "inputs[0].datatype", "is not \"BYTES\", which texts are")
        }
        texts = try Self.texts(tensor, data, most: inputs.most)
        outputs = try fields.array("outputs")?.enumerated().map { index, element in
            let output = try element.fields(at: "outputs[\(index)]")
            let parameters = try output.fields("parameters")
            if try (parameters?.integer("classification", in: 0...Int.max) ?? 0) > 0 {
                throw APIError.unsupported(
                    param: "outputs[\(index)].parameters.classification",
                    "is not supported; ask for 'scores' and 'label'")
            }
            return Output(
                name: try output.required("name"),
                isBinary: try parameters?.bool("binary_data"))
        }
        let parameters =
            try fields.fields("parameters", .inferParameters)
            ?? Fields(JSONObject(), path: "parameters")
        isBinary = try parameters.bool("binary_data_output") ?? false
        generation = try GenerationOptions(parameters) { _ in defaults }.of(model)
    }

    /// The elements of a tensor of texts.
    private static func texts(_ tensor: Fields, _ data: ByteBuffer, most: Int) throws -> [String] {
        let shape = try (tensor.array("shape") ?? []).map { size in
            guard let size = size.integer, (0...(1 << 32)).contains(size) else {
                throw APIError.invalid(
                    param: tensor.full("shape"), "is \(size.shown), expected sizes")
            }
            return size
        }
        let found = try elements(tensor, data, most: most)
        let expected = shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
        guard found.count == expected, !found.isEmpty else {
            throw APIError.invalid(
                param: tensor.full("shape"),
                "is of \(expected) elements, and the tensor has \(found.count), expected as many and "
                    + "at least one")
        }
        return found
    }

    private static func elements(
        _ tensor: Fields, _ data: ByteBuffer, most: Int
    ) throws -> [String] {
        let size = try tensor.fields("parameters")?.integer("binary_data_size", in: 0...Int.max)
        guard let size else {
            var texts: [String] = []
            try flatten(tensor.array("data") ?? [], tensor.full("data"), most, &texts)
            return texts
        }
        guard size == data.readableBytes else {
            throw APIError.invalid(
                param: tensor.full("parameters.binary_data_size"),
                "is \(size), and \(data.readableBytes) bytes follow the JSON")
        }
        return try binary(data, tensor.full("name"), most)
    }

    /// Elements in row-major order, in nested arrays or in one.
    private static func flatten(
        _ values: [JSONValue], _ path: String, _ most: Int, _ texts: inout [String]
    ) throws {
        for value in values {
            if let inner = value.array {
                try flatten(inner, path, most, &texts)
            } else if let text = value.string {
                texts.append(text)
            } else {
                throw APIError.invalid(param: path, "holds \(value.shown), expected strings")
            }
            try check(texts.count, path, most)
        }
    }

    private static func check(_ count: Int, _ path: String, _ most: Int) throws {
        guard count > most else { return }
        throw APIError.invalid(
            param: path,
            "has more than \(most) elements; send several requests, or raise server.max_inputs")
    }

    /// Each element is its length, 32 bits in little-endian order, and its bytes.
    private static func binary(
        _ data: ByteBuffer, _ path: String, _ most: Int
    ) throws -> [String] {
        var (data, texts) = (data, [String]())
        while let length = data.readInteger(endianness: .little, as: UInt32.self) {
            guard let bytes = data.readBytes(length: Int(length)),
                let text = String(validating: bytes, as: UTF8.self)
            else {
                throw APIError.invalid(
                    param: path,
                    "has an element that ends behind its tensor or is not UTF-8, expected lengths of 32 "
                        + "bits and texts")
            }
            texts.append(text)
            try check(texts.count, path, most)
        }
        guard data.readableBytes == 0 else {
            throw APIError.invalid(
                param: path, "ends within the length of an element, expected 4 bytes")
        }
        return texts
    }
}

extension GenerationOptions {
    fileprivate func of(_ model: String) -> GenerationOptions {
        var options = self
        options.model = model
        return options
    }
}

extension FieldTable {
    /// Of `parameters`: those of generated text by the names of the OpenAI routes, and those with which
    /// other servers keep sequences apart.
    package static let inferParameters = FieldTable([
        "sequence_id": .inert, "sequence_start": .inert, "sequence_end": .inert,
        "priority": .inert, "timeout": .inert,
        "n": .refused(unless: [1], "is not of this API, which has one text for each input"),
        "stream": .refused(unless: [false], "is not supported: tensors come whole"),
    ])
}
