import Foundation
import TensorRuntime
import TestFixtures
import Testing

/// The tiny pipelines: ../shared/fixtures where it is, else the part of it in Tests/Fixtures.
enum Fixtures {
    static func find(
        _ path: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        try TestFiles.find(path, of: "sd-tiny", sourceLocation: sourceLocation)
    }

    static func demo(_ name: String) -> String { TestFiles.own("Models/\(name)") }
}

/// What the reference computed: a JSON file and the arrays beside it.
struct Golden<Description: Decodable> {
    let description: Description
    let arrays: Arrays

    /// - Parameter path: without its extension.
    init(_ path: String, as type: Description.Type = Description.self) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        description = try decoder.decode(type, from: TestFiles.data("\(path).json"))
        arrays = try Arrays("\(path).safetensors")
    }
}

extension Arrays {
    /// Images that the reference keeps by channels, by pixels.
    func images(_ name: String) -> Tensor {
        let array = self[name]
        let shape = array.shape
        let (channels, pixels) = (shape[1], shape[2] * shape[3])
        let floats = (0..<shape[0]).flatMap { image in
            byPixels(
                Swift.Array(
                    array.floats[image * channels * pixels..<(image + 1) * channels * pixels]),
                channels)
        }
        return Tensor(floats, [shape[0], shape[2], shape[3], channels])
    }
}

/// One image's numbers by channels, by pixels.
func byPixels(_ floats: [Float], _ channels: Int) -> [Float] {
    let pixels = floats.count / channels
    return (0..<pixels).flatMap { pixel in
        (0..<channels).map { floats[$0 * pixels + pixel] }
    }
}
