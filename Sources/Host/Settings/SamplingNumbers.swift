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
        SamplingNumber(name: "dry_multiplier", range: 0...100, path: \.dryMultiplier),
        SamplingNumber(name: "dry_base", range: 1...100, path: \.dryBase),
        // As elsewhere, -1 is off.
        SamplingNumber(name: "top_n_sigma", range: -1...100, path: \.topNSigma),
        SamplingNumber(name: "dynatemp_range", range: 0...2, path: \.temperatureRange),
        SamplingNumber(name: "dynatemp_exponent", range: 0...100, path: \.temperatureExponent),
        SamplingNumber(name: "xtc_probability", range: 0...1, path: \.xtcProbability),
        SamplingNumber(name: "xtc_threshold", range: 0...1, path: \.xtcThreshold),
        SamplingNumber(name: "mirostat_tau", range: 0...100, path: \.mirostatTau),
        SamplingNumber(name: "mirostat_eta", range: 0...10, path: \.mirostatEta),
    ]
}

/// The same for whole numbers.
struct SamplingCount: Sendable {
    let name: String
    let lowest: Int
    /// The only values, if they are few.
    var values: [Int]?
    let path: any WritableKeyPath<SamplingParameters, Int> & Sendable

    static let all: [SamplingCount] = [
        // As elsewhere, -1 is off.
        SamplingCount(name: "top_k", lowest: -1, path: \.topK),
        SamplingCount(name: "dry_allowed_length", lowest: 0, path: \.dryAllowedLength),
        SamplingCount(name: "dry_penalty_last_n", lowest: -1, path: \.dryWindow),
        SamplingCount(name: "min_keep", lowest: 0, path: \.minKeep),
        SamplingCount(name: "mirostat", lowest: 0, values: [0, 2], path: \.mirostat),
    ]

    func admits(_ value: Int) -> Bool { value >= lowest && values?.contains(value) != false }

    var expected: String {
        values.map { $0.map(String.init).joined(separator: " or ") }
            ?? "an integer of at least \(lowest)"
    }
}

/// The texts that end a run for DRY, "dry_sequence_breakers".
enum SamplingBreakers {
    static let name = "dry_sequence_breakers"
    static let expected = "an array of up to 64 strings of 1 to 40 bytes"

    static func admits(_ texts: [String]) -> Bool {
        texts.count <= 64 && texts.allSatisfy { (1...40).contains($0.utf8.count) }
    }
}

/// What was said about sampling, even of usual values.
package struct SamplingChoices: Sendable, Equatable {
    private var numbers: [String: Float] = [:]
    private var counts: [String: Int] = [:]
    package var breakers: [String]?

    package init() {}

    package var isEmpty: Bool { numbers.isEmpty && counts.isEmpty && breakers == nil }

    /// What was said of `name`, the API's word for a number.
    package subscript(_ name: String) -> Float? {
        get { numbers[name] }
        set { numbers[name] = newValue }
    }

    /// The same of a whole number.
    package subscript(count name: String) -> Int? {
        get { counts[name] }
        set { counts[name] = newValue }
    }

    /// `usual` with what was said.
    func applied(to usual: SamplingParameters) -> SamplingParameters {
        var parameters = usual
        for number in SamplingNumber.all {
            if let value = numbers[number.name] { parameters.set(number, value) }
        }
        for count in SamplingCount.all {
            if let value = counts[count.name] { parameters.set(count, value) }
        }
        parameters.dryBreakers = breakers ?? usual.dryBreakers
        return parameters
    }
}

extension SamplingParameters {
    mutating func set(_ number: SamplingNumber, _ value: Float) {
        self[keyPath: number.path] = value
        // Zero means the likeliest token alone, which the smallest share above zero gives.
        topP = max(topP, .leastNormalMagnitude)
        typicalP = max(typicalP, .leastNormalMagnitude)
        topNSigma = max(topNSigma, 0)
    }

    mutating func set(_ count: SamplingCount, _ value: Int) {
        self[keyPath: count.path] = value
        topK = max(topK, 0)
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
        for count in SamplingCount.all {
            let value = self[keyPath: count.path]
            if value != usual[keyPath: count.path] { json[count.name] = .integer(value) }
        }
        if dryBreakers != usual.dryBreakers {
            json[SamplingBreakers.name] = .array(dryBreakers.map { .string($0) })
        }
        return json
    }
}
