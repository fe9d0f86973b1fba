import Testing

@testable import Host

@Suite("The reference loop") struct ReferenceLoopTests {
    /// x -> 0.999 x + 0.001 leaves 1 as it is, and draws everything else towards it.
    @Test func computesWhatItSays() {
        let start = Float(4 * (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8))
        #expect(ReferenceLoop.run(0) == start)
        #expect(abs(ReferenceLoop.run(1) - (32 + 0.999 * (start - 32))) < 1e-3)
        #expect(abs(ReferenceLoop.run(20_000) - 32) < 0.05)
    }

    /// The loop is run, and between the two readings of the clock.
    @Test func takesAsLongAsItIs() {
        let short = ReferenceLoop.seconds(iterations: 2_000)
        #expect(short > 0 && ReferenceLoop.seconds(iterations: 200_000) > 10 * short)
        #expect(ReferenceLoop.seconds() > short)
    }
}
