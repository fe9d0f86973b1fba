import Host
import ModelFiles
import ProfileFormat
import Quantities
import SystemIO
import SystemPackage
import TransformerKernels
import Workload

/// Profiles of several workloads in one folder, a file each.
///
/// A file is written whole when its run ends, so that what is there is done: a run that was interrupted goes on with the
/// workloads whose file is missing.
package struct ProfileFolder: Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    /// `seq128-batch1-rank8.json`
    package static func name(of workload: TrainingWorkload) -> String {
        "seq\(workload.batch.sequence)-batch\(workload.batch.batch)-rank\(workload.lora.rank).json"
    }

    package func file(of workload: TrainingWorkload) -> String {
        path + (path.hasSuffix("/") ? "" : "/") + Self.name(of: workload)
    }

    /// The bytes of the profile of a workload that is there already; `nil` where there is none.
    ///
    /// - Throws: ``KerfError`` where the file is not a profile, or not one that this run would take: another box, model or
    ///   workload, other settings. The field is named.
    package func finished(_ subject: ProfileSubject, _ request: ProfileRequest) throws -> [UInt8]? {
        let file = file(of: request.workload)
        do throws(Errno) {
            _ = try FileStatus(at: file)
        } catch {
            // What is there and cannot be seen is told by the reading.
            if error == .noSuchFileOrDirectory { return nil }
        }
        let bytes = try FileBytes.read(file, limit: KerfJSON.maximumBytes)
        let profile: Profile
        do throws(KerfError) {
            profile = try KerfJSON.decode(Profile.self, from: bytes, named: file)
            try ProfileValidation(profile: profile, name: file).check()
        } catch {
            var error = error
            error.remedy = "move the file away, and this workload is profiled again"
            throw error
        }
        let expected = try Expectation(subject, request, like: profile)
        guard let difference = try JSONDifference.first(between: Expectation(profile), and: expected) else {
            return bytes
        }
        throw KerfError(
            .unusableData, at: file,
            "the profile of another run: \(difference.path) is \(difference.left) in it and would be "
                + "\(difference.right) now",
            remedy: "give another folder, or move the file away")
    }

    /// What of a profile is known before its run.
    private struct Expectation: Encodable {
        var box: BoxIdentity
        var model: ModelDescription
        var workload: WorkloadDescription
        var settings: ProfileSettings
        var hasEnergy: Bool
        /// `nil` without a meter.
        var meter: String?
        var hasFrequencySweep: Bool

        init(_ profile: Profile) {
            (box, model, workload) = (profile.box, profile.model, profile.workload)
            settings = profile.settings
            hasEnergy = profile.meter.origin != .unavailable
            meter = profile.meter.name
            hasFrequencySweep = profile.frequencySweep != nil
        }

        /// - Parameter profile: where a run may or may not get something, what this one got is expected.
        init(_ subject: ProfileSubject, _ request: ProfileRequest, like profile: Profile) throws {
            guard case .model(let source) = subject else {
                throw KerfError(.unavailable, "a program's workload is its own; profile each by itself")
            }
            let workload = request.workload
            let formats = MatrixFormats(source)
            let engine = try workload.matrixEngine(quantized: !formats.isPlain)
            let inspection = BoxInspection(host: try HostProbe().identity(), cpuinfoHertz: nil, meterRoot: SystemRoot())
            box = inspection.identity(
                engine: EngineIdentity(
                    name: engine.identity.name, version: engine.identity.version,
                    instructionSet: engine.identity.instructionSet))
            // A board that is served for the run alone is not there yet.
            let hasBoard = profile.box.virtualBoard != nil
            box.virtualBoard =
                request.meter.board == nil ? nil : hasBoard ? profile.box.virtualBoard : "a virtual board"
            model = ModelDescription(source)
            self.workload = WorkloadDescription(
                batch: workload.batch.batch, sequence: workload.batch.sequence, loraRank: workload.lora.rank,
                loraAlpha: workload.lora.alpha, loraTargets: workload.lora.targets, dtype: workload.format,
                weightFormats: formats.names(of: source.config, plain: workload.format),
                threads: engine.threadCount, pinned: workload.isPinned,
                activationCheckpointing: workload.activationCheckpointing ? true : nil)
            settings = ProfileSettings(
                budgetSeconds: request.budgetSeconds, targetRelativeHalfWidth: request.targetRelativeHalfWidth,
                confidence: 0.95, seed: request.seed,
                weightResidency: workload.residency.residency(for: source, format: workload.format))
            hasEnergy = request.requiresEnergy || profile.meter.origin != .unavailable
            meter = request.meter.meterName(like: profile.meter.name)
            hasFrequencySweep = request.frequencies != nil && profile.frequencySweep != nil
        }
    }
}

extension MeterRequest {
    private static let program = "program", powerModel = "power model"

    /// The name of the meter that was asked for.
    ///
    /// - Parameter found: that of an earlier run. Where the box's first available meter is asked for, it is taken to be the
    ///   same again.
    fileprivate func meterName(like found: String?) -> String? {
        if command != nil { return Self.program }
        if powerModel != nil { return Self.powerModel }
        if let backend { return backend == .perf ? "perf_event" : backend.rawValue }
        return found == Self.program || found == Self.powerModel ? nil : found
    }
}
