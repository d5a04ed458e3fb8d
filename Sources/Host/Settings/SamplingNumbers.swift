import Engine
import JSON

/// The numbers that a request or a model's settings say about sampling, as the API names them.
struct SamplingNumber: Sendable {
    let name: String
    let range: ClosedRange<Double>
    let path: any WritableKeyPath<SamplingParameters, Float> & Sendable

    static let all: [SamplingNumber] = [
        SamplingNumber(name: "temperature", range: 0...2, path: \.temperature),
        SamplingNumber(name: "top_p", range: 0...1, path: \.topP),
        SamplingNumber(name: "min_p", range: 0...1, path: \.minP),
        SamplingNumber(name: "typical_p", range: 0...1, path: \.typicalP),
        SamplingNumber(name: "repetition_penalty", range: 0.01...100, path: \.repetitionPenalty),
        SamplingNumber(name: "frequency_penalty", range: -2...2, path: \.frequencyPenalty),
        SamplingNumber(name: "presence_penalty", range: -2...2, path: \.presencePenalty),
    ]
}

/// The sampling numbers that were set, even to usual values.
package struct SamplingChoices: Sendable, Equatable {
    private var numbers: [String: Float] = [:]
    package var topK: Int?

    package init() {}

    package var isEmpty: Bool { numbers.isEmpty && topK == nil }

    /// What was said of `name`, the API's word for a number.
    package subscript(_ name: String) -> Float? {
        get { numbers[name] }
        set { numbers[name] = newValue }
    }

    /// `usual` with what was said.
    func applied(to usual: SamplingParameters) -> SamplingParameters {
        var parameters = usual
        for number in SamplingNumber.all {
            if let value = numbers[number.name] { parameters.set(number, value) }
        }
        parameters.topK = topK ?? usual.topK
        return parameters
    }
}

extension SamplingParameters {
    mutating func set(_ number: SamplingNumber, _ value: Float) {
        self[keyPath: number.path] = value
        // Zero means the likeliest token alone, which the smallest share above zero gives.
        topP = max(topP, .leastNormalMagnitude)
        typicalP = max(typicalP, .leastNormalMagnitude)
    }

    /// What differs from the usual, as a request would say it.
    var json: JSONObject {
        let usual = SamplingParameters()
        var json = JSONObject()
        for number in SamplingNumber.all {
            let value = self[keyPath: number.path]
            // The shortest decimal that reads back as this number, not all digits of its double.
            if value != usual[keyPath: number.path] {
                json[number.name] = Double(value.description).map { .number($0) }
            }
        }
        if topK != usual.topK { json["top_k"] = .integer(topK) }
        return json
    }
}
