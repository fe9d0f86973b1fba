import Calibration
import Glibc
import Instrumentation
import ProfileFormat
import Profiling
import Statistics
import SystemIO

/// Profiles a model under several workloads, each into its own file of one folder.
package struct WorkloadSweep {
    private let subject: ProfileSubject
    private let requests: [ProfileRequest]
    private let folder: ProfileFolder
    private let isQuiet: Bool
    private let profile: (ProfileRequest) throws -> ProfileRun.Result

    /// One workload's profile.
    package struct Profiled {
        package var path: String
        package var calibration: Calibration
        package var disturbances: Disturbances?
        package var failures: [String]
        /// Whether it was there before this run.
        package var isResumed: Bool
    }

    /// The profiles in the order of the workloads, and what could not be observed or swept in any of them.
    package struct Outcome {
        package var profiles: [Profiled] = []
        package var notes: [String] = []
    }

    /// - Parameters:
    ///   - requests: one for each workload, in the order of the result.
    ///   - profile: runs one.
    package init(
        _ subject: ProfileSubject, _ requests: [ProfileRequest], into folder: String, isQuiet: Bool,
        profile: @escaping (ProfileRequest) throws -> ProfileRun.Result
    ) {
        self.subject = subject
        self.requests = requests
        self.folder = ProfileFolder(folder)
        self.isQuiet = isQuiet
        self.profile = profile
    }

    /// Leaves out workloads whose profile is in the folder, and runs the others in random order, so that a slow change of
    /// the box does not look like one of the workload.
    ///
    /// - Throws: ``KerfError``; files of finished runs stay. Nothing is run where a file of another run is in the folder.
    package func run() throws -> Outcome {
        try OutputFolder.make(folder.path)
        var outcome = Outcome()
        var profiled: [Int: Profiled] = [:]
        for (index, request) in requests.enumerated() {
            let path = folder.file(of: request.workload)
            guard let bytes = try folder.finished(subject, request) else {
                try OutputFile.checkPlace(path)
                continue
            }
            profiled[index] = try Self.profiled(path, bytes, isResumed: true)
        }
        if !profiled.isEmpty { say("resumed: \(profiled.count) of \(requests.count) done") }
        var generator = SeededGenerator(seed: UInt64(requests[0].seed))
        for index in requests.indices.filter({ profiled[$0] == nil }).shuffled(using: &generator) {
            let path = folder.file(of: requests[index].workload)
            let name = ProfileFolder.name(of: requests[index].workload)
            say("profiling \(name), \(profiled.count + 1) of \(requests.count)")
            do {
                let written = try WrittenProfile(try profile(requests[index]), path: path)
                outcome.notes += written.run.unmonitored.map { "not monitored: \($0)" }
                outcome.notes += written.run.notSwept.map { "frequency not swept: \($0)" }
                if let failure = written.failure {
                    // A run whose step failed is to be made again; one whose limits were not restored is whole.
                    if written.run.stepFailure != nil { unlink(path) }
                    throw failure
                }
                profiled[index] = try Self.profiled(path, written.bytes, isResumed: false)
            } catch let error as KerfError {
                throw stopped(error, at: path, done: profiled.count)
            }
        }
        outcome.profiles = requests.indices.compactMap { profiled[$0] }
        var seen: Set<String> = []
        outcome.notes = outcome.notes.filter { seen.insert($0).inserted }
        return outcome
    }

    private func say(_ text: String) {
        if !isQuiet { StandardError.write("kerf: \(text)\n") }
    }

    private func stopped(_ error: KerfError, at path: String, done: Int) -> KerfError {
        let kept = "\(done) of \(requests.count) profiles are in \(folder.path)"
        var error = error
        if error.code == .interrupted {
            error.message = "interrupted; \(kept)"
            error.remedy = "run the same command to go on"
        } else {
            error.message += "; \(kept)"
            error.location = error.location ?? path
        }
        return error
    }

    private static func profiled(_ path: String, _ bytes: [UInt8], isResumed: Bool) throws -> Profiled {
        let profile = try KerfJSON.decode(Profile.self, from: bytes, named: path)
        return Profiled(
            path: path, calibration: try Calibrator.calibrate([Calibrator.Input(name: path, bytes: bytes)]),
            disturbances: profile.disturbances, failures: profile.checks?.failures ?? [], isResumed: isResumed)
    }
}
