import CARD
import ModelFiles
import Quantities
import SystemIO

/// Where to cut a turn and how fast the server shall run in it.
package struct TurnChoice: Sendable, Hashable {
    /// Blocks 1...cut run on the device.
    package var cut: Int
    /// In hertz; nil to leave the server's frequency as it is.
    package var serverHertz: Double?

    package init(cut: Int, serverHertz: Double? = nil) {
        self.cut = cut
        self.serverHertz = serverHertz
    }
}

/// Chooses the cut of every turn.
package protocol CutPolicy: Sendable {
    /// - Parameters:
    ///   - committed: the device's steps so far. A turn that was not committed is asked for again with the same number.
    ///   - last: the turn before; nil before the first turn of this process.
    /// - Returns: nil to end the training before its last step.
    func choice(committed: Int, after last: DeviceSession.Turn?) async throws -> TurnChoice?
}

/// The same cut and frequency in every turn.
package struct FixedCut: CutPolicy {
    package let cut: Int
    let serverHertz: Double?

    package init(_ cut: Int, serverHertz: Double? = nil) {
        self.cut = cut
        self.serverHertz = serverHertz
    }

    /// - Parameter setsFrequency: whether the server runs at the decided frequency.
    /// - Throws: ``KerfError/Code/mismatch`` for a decision about another model.
    package init(_ decision: Decision, of model: ModelConfig, setsFrequency: Bool) throws(KerfError) {
        guard decision.modelName == model.name, decision.blockCount == model.blockCount else {
            throw KerfError(
                .mismatch,
                "the decision is for \(PlainText.shown(decision.modelName)) of \(decision.blockCount) blocks, not for "
                    + "\(model.name) of \(model.blockCount)", remedy: "decide from calibrations of this model")
        }
        guard decision.task ?? .training == .training else {
            throw KerfError(.mismatch, "the decision is for inference, not for training", remedy: "decide for training")
        }
        let decided = decision.cuts.first { $0.cut == decision.choice.cut }
        self.init(decision.choice.cut, serverHertz: setsFrequency ? decided?.frequencyHertz.value : nil)
    }

    package func choice(committed: Int, after last: DeviceSession.Turn?) -> TurnChoice? {
        TurnChoice(cut: cut, serverHertz: serverHertz)
    }
}
