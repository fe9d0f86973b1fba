import Calibration
import Instrumentation
import ProfileFormat
import SystemIO

/// A finished run whose profile is in its file.
package struct WrittenProfile {
    package let run: ProfileRun.Result
    package let path: String
    package let bytes: [UInt8]

    /// Writes the profile, with its checks, before anything else is done with it: a failure to print the summary or to
    /// restore the frequency limits does not lose the run.
    package init(_ run: ProfileRun.Result, path: String) throws {
        var run = run
        run.profile.checks = Calibrator.checks(of: run.profile)
        self.run = run
        self.path = path
        bytes = try KerfJSON.encode(run.profile)
        try AtomicFile.write(bytes, to: path)
    }

    /// What went wrong in the run is what is reported, whatever its profile is good for.
    package var failure: KerfError? { run.stepFailure ?? run.frequencyFailure }

    /// The calibration from this profile alone.
    package func calibration() throws -> Calibration {
        try Calibrator.calibrate([Calibrator.Input(name: path, bytes: bytes)])
    }
}
