import SystemIO

/// A list of choices, one turn each, and after them again those whose turn cannot be used.
package actor PlannedCuts: CutPolicy {
    private let choices: [TurnChoice]
    private let turnSteps: Int
    private let isUsable: @Sendable (DeviceSession.Turn) -> Bool
    /// Places of the choices that are still to come.
    private var pending: [Int]
    private var repeatsLeft: Int
    /// Which choice each turn was for, by the number of the turn.
    package private(set) var places: [Int] = []

    /// - Parameters:
    ///   - turnSteps: steps of each turn.
    ///   - maximumRepeats: turns that are added in all.
    ///   - isUsable: whether a turn that was committed does not have to be repeated. One that was lost with its connection
    ///     is repeated too.
    package init(
        _ choices: [TurnChoice], turnSteps: Int, maximumRepeats: Int = 0,
        isUsable: @escaping @Sendable (DeviceSession.Turn) -> Bool = { _ in true }
    ) {
        self.choices = choices
        self.turnSteps = turnSteps
        self.isUsable = isUsable
        pending = Array(choices.indices)
        repeatsLeft = maximumRepeats
    }

    /// - Throws: ``KerfError/Code/protocolViolation`` for steps that no turn of this list has done.
    package func choice(
        committed: Int, after last: DeviceSession.Turn?
    ) throws(KerfError) -> TurnChoice? {
        let number = committed / turnSteps
        guard committed % turnSteps == 0, number <= places.count else {
            throw KerfError(.protocolViolation, "the server counts \(committed) steps, which this device did not run")
        }
        // A turn that was not committed is asked for again.
        guard number >= places.count else { return choices[places[number]] }
        if number > 0, repeatsLeft > 0, !isGood(last, number: number - 1) {
            pending.append(places[number - 1])
            repeatsLeft -= 1
        }
        guard !pending.isEmpty else { return nil }
        let place = pending.removeFirst()
        places.append(place)
        return choices[place]
    }

    /// - Parameter turn: the last of which there is a measurement.
    private func isGood(_ turn: DeviceSession.Turn?, number: Int) -> Bool {
        guard let turn, turn.firstStep == number * turnSteps else { return false }
        return isUsable(turn)
    }
}
