import SystemIO
import Testing

@testable import SplitTraining

@Suite("A list of cuts") struct PlannedCutsTests {
    private static let choices = [3, 1, 2].map { TurnChoice(cut: $0) }
    private static let turnSteps = 5

    /// Runs turns until the policy ends the training.
    ///
    /// - Parameter isLost: whether a turn's measurement is lost with its connection.
    private func cuts(
        _ policy: PlannedCuts, isLost: (_ number: Int) -> Bool = { _ in false }
    ) async throws -> [Int] {
        var cuts: [Int] = []
        var last: DeviceSession.Turn?
        while let choice = try await policy.choice(committed: cuts.count * Self.turnSteps, after: last) {
            // A turn that was not committed is asked for again.
            #expect(try await policy.choice(committed: cuts.count * Self.turnSteps, after: last) == choice)
            if !isLost(cuts.count) {
                var turn = DeviceSession.Turn()
                (turn.cut, turn.firstStep) = (choice.cut, cuts.count * Self.turnSteps)
                last = turn
            }
            cuts.append(choice.cut)
            try #require(cuts.count < 100)
        }
        return cuts
    }

    @Test func eachIsRunOnce() async throws {
        let policy = PlannedCuts(Self.choices, turnSteps: Self.turnSteps)
        #expect(try await cuts(policy) == [3, 1, 2])
        #expect(await policy.places == [0, 1, 2])
    }

    @Test func whatCannotBeUsedIsRepeatedAtTheEnd() async throws {
        let policy = PlannedCuts(Self.choices, turnSteps: Self.turnSteps, maximumRepeats: 10) { turn in
            turn.cut != 1 || turn.firstStep > 3 * Self.turnSteps
        }
        // The second turn, and its first repeat, which is the fourth.
        #expect(try await cuts(policy) == [3, 1, 2, 1, 1])
        #expect(await policy.places == [0, 1, 2, 1, 1])
    }

    @Test(arguments: [50, 3, 20]) func stepsThatNoTurnDidAreRefused(committed: Int) async throws {
        let policy = PlannedCuts(Self.choices, turnSteps: Self.turnSteps, maximumRepeats: 10)
        _ = try await policy.choice(committed: 0, after: nil)
        let error = await #expect(throws: KerfError.self) {
            try await policy.choice(committed: committed, after: nil)
        }
        #expect(error?.code == .protocolViolation)
    }

    @Test func repeatsAreBounded() async throws {
        let policy = PlannedCuts(Self.choices, turnSteps: Self.turnSteps, maximumRepeats: 4) { _ in false }
        #expect(try await cuts(policy) == [3, 1, 2, 3, 1, 2, 3])
    }

    @Test func aTurnWhoseMeasurementIsLostIsRepeated() async throws {
        let policy = PlannedCuts(Self.choices, turnSteps: Self.turnSteps, maximumRepeats: 10)
        #expect(try await cuts(policy) { $0 == 0 } == [3, 1, 2, 3])
    }
}
