import CARD
import Calibration
import SystemIO

extension Decider.Side {
    /// Reads a calibration and its digest.
    package init(path: String) throws {
        let (calibration, sha256) = try KerfJSON.read(Calibration.self, at: path)
        self.init(calibration: calibration, sha256: sha256)
    }
}
