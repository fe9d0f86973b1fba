import Testing
import VirtualBoard

/// The arithmetic of holding a process, in simulated time.
@Suite struct DutyCycleTests {
    /// Whatever the process does between two holds, and however late it is stopped and resumed: over the run its time is
    /// `slowdown` times what it would have been.
    @Test(arguments: [1.08, 1.3, 2, 3.25, 8]) func timeIsSlowdownTimesAsLong(slowdown: Double) {
        var cycle = DutyCycle(slowdown: slowdown)
        var (wanted, held) = (0.0, 0.0)
        for _ in 0..<1000 {
            let computing = Double.random(in: 0.1...1.2) * cycle.currentRunSeconds
            let waiting = Double.random(in: 0...2e-3)
            cycle.add(computing: computing, waiting: waiting, waking: nil)
            wanted += computing + waiting
            guard cycle.holdSeconds > 0 else { continue }
            // A busy machine wakes the board late.
            let hold = cycle.holdSeconds + Double.random(in: 0...1e-3)
            cycle.subtract(held: hold)
            held += hold
        }
        // The last hold may have been too long.
        #expect(abs((wanted + held) / wanted - slowdown) < 1e-3 + 1e-3 / wanted)
    }

    /// What a process waits for just because it was held belongs to the hold, and so does what holding costs; what it
    /// waits beyond that does not.
    @Test func costOfAHoldIsPartOfIt() {
        func hold(waiting: Double, waking: Double?) -> Double {
            var cycle = DutyCycle(slowdown: 2)
            cycle.add(computing: 2e-3, waiting: waiting, waking: waking)
            return cycle.holdSeconds
        }
        let handling = DutyCycle.handlingSeconds
        #expect(abs(hold(waiting: 1e-3, waking: nil) - 3e-3) < 1e-12)
        #expect(abs(hold(waiting: 0.05e-3, waking: 0) - (2e-3 - 0.05e-3 - 2 * handling)) < 1e-12)
        #expect(abs(hold(waiting: 0.5e-3, waking: 0.5e-3) - (2e-3 - 0.5e-3 - 2 * handling)) < 1e-12)
        #expect(abs(hold(waiting: 1e-3, waking: 0.2e-3) - (2.8e-3 - 0.2e-3 - 2 * handling)) < 1e-12)
        // Nothing is held for longer than it ran.
        #expect(hold(waiting: 0, waking: 5) <= 2e-3)
    }

    @Test func fullSpeedIsNeverHeld() {
        var cycle = DutyCycle(slowdown: 1)
        cycle.add(computing: 5, waiting: 5, waking: nil)
        #expect(cycle.holdSeconds == 0)
        #expect(cycle.currentRunSeconds == .infinity)
    }

    @Test(arguments: [1.01, 1.1, 2, 3.25, 100]) func holdsAreWorthTheirCost(slowdown: Double) {
        var cycle = DutyCycle(slowdown: slowdown)
        cycle.add(computing: cycle.currentRunSeconds, waiting: 0, waking: nil)
        #expect(cycle.holdSeconds >= DutyCycle.minimumHoldSeconds * 0.999)
        #expect(cycle.currentRunSeconds >= DutyCycle.runSeconds)
    }

    /// Neither a long stop of the board nor a long hold is made up for without end.
    @Test func whatIsOwedIsBounded() {
        var cycle = DutyCycle(slowdown: 10)
        cycle.add(computing: 100, waiting: 0, waking: nil)
        #expect(cycle.holdSeconds == DutyCycle.maximumOwedSeconds)
        cycle.subtract(held: 100)
        #expect(cycle.owedSeconds == -DutyCycle.maximumOwedSeconds)
        #expect(cycle.holdSeconds == 0)
    }
}
