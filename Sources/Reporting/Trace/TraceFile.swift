import ProfileFormat
import SplitTraining
import SystemIO
import SystemPackage
import Validation

/// A file of Kerf's that has times, as a trace.
package struct TraceFile {
    package let trace: Trace
    /// The timeline that was read beside a run.
    package let timeline: String?

    /// - Parameters:
    ///   - path: a profile, a run or a validation.
    ///   - timeline: of a run; without it `timeline.csv` beside the run, where there is one.
    /// - Throws: ``KerfError`` for a file that cannot be read or that has no times; ``KerfError/Code/unusableData`` for
    ///   samples that are not possible, and for a timeline of another run.
    package init(_ path: String, timeline: String? = nil) throws(KerfError) {
        let bytes = try FileBytes.read(path, limit: KerfJSON.maximumBytes)
        let schema = try KerfJSON.header(of: bytes, named: path).schema
        if timeline != nil, schema != SplitRun.schema {
            throw KerfError(
                .invalidArgument, "a timeline belongs to a run, and \(path) is a \(PlainText.shown(schema)) file")
        }
        switch schema {
        case SplitRun.schema:
            let run = try KerfJSON.decode(SplitRun.self, from: bytes, named: path)
            let found = timeline ?? Self.timeline(beside: path)
            let entries: [TimelineEntry]? =
                if let found {
                    try Timeline.entries(FileBytes.read(found, limit: KerfJSON.maximumBytes), named: found)
                } else { nil }
            trace = try Trace(run, timeline: entries, named: found ?? path)
            self.timeline = found
        case ValidationReport.schema:
            trace = Trace(try KerfJSON.decode(ValidationReport.self, from: bytes, named: path))
            self.timeline = nil
        default:
            let profile: Profile
            do throws(KerfError) {
                profile = try KerfJSON.decode(Profile.self, from: bytes, named: path)
            } catch {
                guard error.code == .wrongSchema, schema != Profile.schema else { throw error }
                throw KerfError(
                    .wrongSchema, at: path, "a \(PlainText.shown(schema, limit: 160)) file has no times to draw",
                    remedy: "give a profile, a run or a validation")
            }
            try ProfileValidation(profile: profile, name: path).check()
            trace = Trace(profile)
            self.timeline = nil
        }
    }

    /// What the training of a run has left beside it.
    private static func timeline(beside run: String) -> String? {
        let path = FilePath(run).removingLastComponent().appending(RunFolder.timelineName)
        return SystemRoot().isRegularFile(path) ? path.string : nil
    }
}
