import Testing

@testable import StableDiffusion

@Suite struct NoiseTests {
    /// Numbers of torch.randn with torch.Generator("cpu").manual_seed(42).
    @Test func aSeedGivesTorchsNumbers() {
        let expected: [Float] = [
            1.9269153, 1.4872841, 0.9007172, -2.1055210, 0.6784185, -1.2345449, -0.0430675,
            -1.6046669, 0.3558599, -0.6866230, -0.4933563, 0.2414878, -1.1109039, 0.0915457,
            -2.3169227, -0.2168047, -0.3097268, -0.3957105, 0.8034093, -0.6215954, -0.5920005,
            -0.0630744, -0.8285543, 0.3308984,
        ]
        var noise = NormalNoise(seed: 42)
        #expect(zip(noise.draw(24), expected).allSatisfy { abs($0 - $1) < 2e-6 })
    }
}
