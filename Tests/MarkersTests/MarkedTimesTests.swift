import SystemIO
import Testing

@testable import Markers

@Suite("The times of steps, from their marks")
struct MarkedTimesTests {
    private static let begins = Mark.stepBegins
    private static let ends = Mark.stepEnds

    /// Marks at milliseconds, of one step unless given.
    private func marks(_ marks: [(at: UInt64, what: UInt32, step: UInt32)]) -> [Mark] {
        marks.map { Mark(nanoseconds: $0.at * 1_000_000, what: $0.what, step: $0.step) }
    }

    private func steps(
        _ found: [(at: UInt64, what: UInt32, step: UInt32)]
    ) -> Result<[MarkedTimes], MarkedTimes.Fault> {
        MarkedTimes.steps(
            of: marks(found), passCount: 3, from: MonotonicInstant(nanoseconds: 0),
            to: MonotonicInstant(nanoseconds: 1_000_000_000))
    }

    @Test("the passes of a step leave no gap, and a pass that begins again is summed")
    func tiling() throws {
        let two = try steps([
            (10, Self.begins, 0), (11, 0, 0), (14, 1, 0), (19, 0, 0), (20, 2, 0), (30, Self.ends, 0),
            (40, Self.begins, 1), (41, Self.ends, 1),
        ]).get()
        #expect(two.map(\.markCount) == [6, 2])
        #expect(two.map { ($0.seconds * 1000).rounded() } == [20, 1])
        // What precedes the first border belongs to the pass that begins there.
        #expect(two[0].passes.map { ($0 * 1000).rounded() } == [5, 5, 10])
        #expect(two[1].passes == [0, 0, 0])
        #expect(abs(two[0].passes.reduce(0, +) - two[0].seconds) < 1e-12)
    }

    @Test(
        "what a client must not write is told from what it may",
        arguments: [
            ([(10, begins, 0), (9, 0, 0), (11, ends, 0)], MarkedTimes.Fault.unordered),
            ([(10, begins, 0), (2000, ends, 0)], .outside),
            ([(10, begins, 0), (11, 3, 0), (12, ends, 0)], .unknownPass),
            ([(10, begins, 0), (11, begins, 0)], .unpaired),
            ([(10, begins, 0), (11, 1, 0)], .unpaired),
            ([(10, 1, 0)], .unpaired),
            ([(10, ends, 0)], .unpaired),
            ([(10, begins, 1), (11, ends, 1)], .unpaired),
            ([(.max / 1_000_000, begins, 0)], .outside),
        ] as [([(at: UInt64, what: UInt32, step: UInt32)], MarkedTimes.Fault)])
    func faults(marks: [(at: UInt64, what: UInt32, step: UInt32)], fault: MarkedTimes.Fault) {
        #expect(throws: fault) { try steps(marks).get() }
    }

    @Test("no marks are no steps")
    func none() throws { #expect(try steps([]).get().isEmpty) }
}
