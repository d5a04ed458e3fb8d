import Foundation
import PluginCommon
import TestFixtures
import Testing

@testable import StableDiffusion

/// Schedulers alone, without a network, against diffusers' on stored outputs.
@Suite struct SchedulerTests {
    struct File: Decodable, Sendable {
        let schedulers: [Case]
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        struct Table: Decodable, Sendable {
            let steps: Int
            let timesteps: [Float]
            let initNoiseSigma: Double
        }
        struct Run: Decodable, Sendable {
            let calls: Int
            let modelOutputFactor: Float
        }
        struct Arguments: Decodable, Sendable {
            let eta: Double?
        }
        struct AddNoise: Decodable, Sendable {
            let steps: Int
            let timestepIndex: Int
        }
        let name: String
        let `class`: String
        let config: SchedulerConfiguration
        let tables: [Table]
        let runs: [String: Run]
        let stepArguments: Arguments
        let addNoise: AddNoise

        var testDescription: String { name }

        func scheduler(_ steps: Int) throws -> any Scheduler {
            try config.check()
            return try SchedulerKind(className: `class`, config).scheduler(
                config, steps: steps, eta: stepArguments.eta ?? 0)
        }
    }

    /// Another start than Stable Diffusion's: the Runge-Kutta steps of PNDM.
    private static let refused = ["pndm-prk"]

    private static func golden() throws -> Golden<File> {
        try Golden(String(Fixtures.find("schedulers.json").dropLast(5)))
    }

    static let all = (try? golden().description.schedulers) ?? []
    static let cases = all.filter { !refused.contains($0.name) }

    /// Relative to the largest number.
    private static let tolerance: Float = 1e-5

    private func isNear(_ found: [Float], _ expected: [Float]) -> Bool {
        let largest = expected.reduce(1) { max($0, abs($1)) }
        return largestDifference(found, expected) <= Self.tolerance * largest
    }

    @Test(arguments: cases)
    func timestepsAreTheReferences(_ c: Case) throws {
        for table in c.tables {
            let scheduler = try c.scheduler(table.steps)
            // The tables have four decimals.
            #expect(
                largestDifference(scheduler.timesteps, table.timesteps) <= 1e-3,
                "\(table.steps) steps")
            #expect(
                abs(scheduler.initialScale - table.initNoiseSigma)
                    <= 1e-5 * table.initNoiseSigma)
        }
    }

    @Test(arguments: cases, [4, 10])
    func stepsAreTheReferences(_ c: Case, steps: Int) throws {
        let arrays = try Self.golden().arrays
        let run = try #require(c.runs[String(steps)])
        var scheduler = try c.scheduler(steps)
        let name = "\(c.name).run\(steps)"
        let inputs = arrays["\(name).scaled_input"].rows
        let samples = arrays["\(name).prev_sample"].rows
        let outputs = arrays["model_outputs"].rows
        #expect(scheduler.timesteps.count == run.calls)
        var sample = combined((scheduler.initialScale, arrays["initial_noise"].floats))
        var draws = 0
        for call in 0..<run.calls {
            #expect(isNear(scheduler.input(sample, at: call), inputs[call]), "call \(call)")
            let output = outputs[call].map { $0 * run.modelOutputFactor }
            sample = scheduler.step(output, sample, at: call) {
                draws += 1
                return arrays["\(name).noise.\(draws - 1)"].floats
            }
            #expect(isNear(sample, samples[call]), "call \(call)")
        }
    }

    @Test(arguments: cases)
    func noiseIsAddedAsByTheReference(_ c: Case) throws {
        let arrays = try Self.golden().arrays
        let found = try c.scheduler(c.addNoise.steps).noised(
            arrays["model_outputs"].rows[0], arrays["add_noise.noise"].floats,
            at: c.addNoise.timestepIndex)
        #expect(isNear(found, arrays["\(c.name).add_noise"].floats))
    }

    @Test func theReferencesRunsAreHere() throws {
        #expect(try Self.golden().description.schedulers.count > 10)
    }

    @Test func theStartByRungeAndKuttaIsRefused() throws {
        let c = try #require(Self.all.first { $0.name == "pndm-prk" })
        #expect(throws: ConfigurationError.self) { try c.scheduler(4) }
    }
}
