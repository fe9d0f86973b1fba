/// A list of choices, one turn each.
package struct PlannedCuts: CutPolicy {
    private let choices: [TurnChoice]
    private let turnSteps: Int
    private let firstStep: Int

    /// - Parameters:
    ///   - turnSteps: steps of each turn.
    ///   - firstStep: the device's steps before the first turn.
    package init(_ choices: [TurnChoice], turnSteps: Int, firstStep: Int = 0) {
        self.choices = choices
        self.turnSteps = turnSteps
        self.firstStep = firstStep
    }

    package func choice(committed: Int, after last: DeviceSession.Turn?) -> TurnChoice {
        choices[min(choices.count - 1, max(0, committed - firstStep) / turnSteps)]
    }
}
