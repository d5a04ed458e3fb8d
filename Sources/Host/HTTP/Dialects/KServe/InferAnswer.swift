import Hummingbird
import JSON
import NIOCore

/// A tensor of an answer.
struct Tensor: Sendable {
    enum Elements: Sendable {
        case floats([Float])
        case texts([String])
    }

    let name: String
    let shape: [Int]
    let elements: Elements

    /// - Parameter binary: where its bytes go; nil writes them as JSON.
    fileprivate func json(_ binary: inout ByteBuffer?) -> JSONValue {
        var json = JSONObject([
            (key: "name", value: .string(name)), (key: "datatype", value: .string(type.rawValue)),
            (key: "shape", value: .array(shape.map { .integer($0) })),
        ])
        if var buffer = binary {
            let before = buffer.readableBytes
            write(to: &buffer)
            json["parameters"] = ["binary_data_size": .integer(buffer.readableBytes - before)]
            binary = buffer
        } else {
            json["data"] = .array(values)
        }
        return .object(json)
    }

    private var type: TensorType {
        switch elements {
        case .floats: .float
        case .texts: .bytes
        }
    }

    private var values: [JSONValue] {
        switch elements {
        case .floats(let numbers): numbers.map { .number($0.decimal) }
        case .texts(let texts): texts.map { .string($0) }
        }
    }

    private func write(to buffer: inout ByteBuffer) {
        switch elements {
        case .floats(let numbers):
            for number in numbers {
                buffer.writeInteger(number.bitPattern, endianness: .little)
            }
        case .texts(let texts):
            for text in texts {
                buffer.writeInteger(UInt32(text.utf8.count), endianness: .little)
                buffer.writeString(text)
            }
        }
    }
}

extension InferRequest {
    /// The tensors that were asked for: JSON, followed by the data of those that are binary.
    ///
    /// - Throws: `APIError.invalid` for an output that the model does not have.
    func answer(_ tensors: [Tensor], model: String) throws -> Response {
        let wanted = outputs ?? tensors.map { Output(name: $0.name, isBinary: nil) }
        var data = ByteBuffer()
        let json = try wanted.enumerated().map { index, output in
            guard let tensor = tensors.first(where: { $0.name == output.name }) else {
                let names = tensors.map { "'\($0.name)'" }.joined(separator: ", ")
                throw APIError.invalid(
                    param: "outputs[\(index)].name", "is none of this model's, expected \(names)")
            }
            var binary = output.isBinary ?? isBinary ? data : nil
            defer { data = binary ?? data }
            return tensor.json(&binary)
        }
        var head = JSONObject([
            (key: "model_name", value: .string(model)), (key: "model_version", value: "1"),
        ])
        head["id"] = id.map { .string($0) }
        head["outputs"] = .array(json)
        var body = ByteBuffer(string: JSONValue.object(head).serialized())
        guard data.readableBytes > 0 else { return Response(json: body) }
        let length = body.readableBytes
        body.writeImmutableBuffer(data)
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/octet-stream",
                .inferenceHeaderLength: String(length),
            ],
            body: ResponseBody(byteBuffer: body))
    }
}
