import CollectedFiles
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
        let content = try FileContent(bytes, named: path)
        if let timeline, content?.kind.schema != SplitRun.schema {
            throw KerfError(
                .invalidArgument, at: timeline, "a timeline belongs to a run.json, which \(path) is not",
                remedy: "give the run.json that lies beside it")
        }
        switch content {
        case .run(let run):
            let found = timeline ?? Self.timeline(beside: path)
            let entries: [TimelineEntry]? =
                if let found {
                    try Timeline.entries(FileBytes.read(found, limit: KerfJSON.maximumBytes), named: found)
                } else { nil }
            trace = try Trace(run, timeline: entries, named: found ?? path)
            self.timeline = found
        case .validation(let report):
            trace = Trace(report)
            self.timeline = nil
        case .profile(let profile):
            try ProfileValidation(profile: profile, name: path).check()
            trace = Trace(profile)
            self.timeline = nil
        default:
            throw .kind(
                of: bytes, named: path, lacks: "which has no times to draw",
                remedy: "give a profile, a run or a validation")
        }
    }

    /// What the training of a run has left beside it.
    private static func timeline(beside run: String) -> String? {
        let path = FilePath(run).removingLastComponent().appending(RunFolder.timelineName)
        return SystemRoot().isRegularFile(path) ? path.string : nil
    }
}
