import CARD
import Calibration
import FoundationEssentials
import Instrumentation
import ProfileFormat
import Quantities
import SystemIO

/// Makes the row of one box.
struct BoxAssembly {
    private let choice: BoxChoice
    private let decisions: FoundDecisions
    /// The decision that was made for the view; `nil` where none was asked for or the box is not a device with a
    /// calibration.
    private let decided: Result<Decision, KerfError>?
    private let decider: FleetDecider?
    private let now: Date
    private let words: (Remedy) -> String

    private var findings: [FleetFinding] = []
    private var missing: [MissingValue] = []

    /// - Parameter words: the text of a remedy.
    init(
        _ choice: BoxChoice, _ decisions: FoundDecisions, decided: Result<Decision, KerfError>?,
        by decider: FleetDecider?, now: Date, remedy words: @escaping (Remedy) -> String
    ) {
        (self.choice, self.decisions, self.decided, self.decider) = (choice, decisions, decided, decider)
        (self.now, self.words) = (now, words)
    }

    /// - Parameter workload: place of the box's among those of the fleet.
    mutating func box(workload: Int?) -> FleetBox {
        checkFiles()
        var box = FleetBox(
            name: choice.name, role: isServer ? .server : .device, state: .fine,
            collection: choice.status.map { FleetCollection($0) }, host: host(), meter: meter(), closure: closure(),
            disturbances: disturbances(), workload: workload, calibration: calibration(), identity: identity(),
            decision: decision(), missing: [], findings: [],
            files: choice.folder.files.map { FleetFile(name: $0.name, schema: $0.schema, sha256: $0.sha256) })
        if workload == nil { lack(.workload, noValues) }
        // In their order, problems first.
        box.findings = findings.filter { $0.severity == .problem } + findings.filter { $0.severity == .note }
        box.missing = missing
        box.state =
            switch choice.status?.outcome {
            case .unreachable: .unreachable
            case .failed: .failed
            case .complete, nil: findings.contains { $0.severity == .problem } ? .problem : .fine
            }
        return box
    }

    private mutating func lack(_ value: MissingValue.Name, _ reason: String) {
        missing.append(MissingValue(value: value, reason: reason))
    }

    private mutating func find(_ kind: FleetFinding.Kind, _ text: String, remedy: Remedy? = nil) {
        findings.append(FleetFinding(kind, text, remedy: remedy.map(words)))
    }

    /// Why there is nothing that was measured.
    private var noValues: String {
        switch choice.status?.outcome {
        case .unreachable: "the box did not answer"
        case .failed: "collecting failed" + (step.map { " at \($0)" } ?? "")
        case .complete, nil: "there is no calibration and no profile"
        }
    }

    private var step: String? { choice.status.flatMap { FleetCollection($0).step } }

    // MARK: - Files

    private mutating func checkFiles() {
        let folder = choice.folder
        checkStatus()
        for error in folder.damaged { findings.append(FleetFinding(.damagedFile, damage(error))) }
        let isCollected = folder.files.contains { $0.schema != CollectionStatus.schema }
        let isExplained = choice.status.map { $0.outcome != .complete } ?? false || !folder.damaged.isEmpty
        if !isCollected, !isExplained {
            find(.empty, "the box's folder has no file of Kerf's", remedy: "collect from the box again")
        }
        if isCollected, choice.calibration == nil, !isExplained {
            find(.noCalibration, "there is no calibration", remedy: .calibrateAgain)
        }
        for text in choice.severalFiles { find(.severalFiles, text) }
        if !folder.foreign.isEmpty { find(.foreignFiles, FleetView.foreignText(folder.foreign)) }
    }

    /// With the remedy in the text: it belongs to the file, and each error has its own.
    private func damage(_ error: KerfError) -> String { error.text(remedy: words) }

    private mutating func checkStatus() {
        guard let status = choice.status else { return }
        let error = status.lastLine.map { ": \($0)" } ?? ""
        switch status.outcome {
        case .complete: return
        case .unreachable:
            find(
                .unreachable, "the box did not answer\(error)",
                remedy: "see that it is on and can be reached, then collect from it again")
        case .failed:
            find(
                .failed, "collecting failed\(step.map { " at \($0)" } ?? "")\(error)",
                remedy: "mend what the error names, then collect from the box again")
        }
    }

    // MARK: - What the box is

    private mutating func host() -> FleetHost? {
        if let host = choice.doctor?.content.host {
            return FleetHost(
                source: .doctor, architecture: host.architecture, cpuModel: host.cpuModel, cores: host.cores,
                threads: host.threads, memoryBytes: host.memoryBytes, kernelRelease: host.kernelRelease)
        }
        guard let (box, source) = calibratedBox else {
            lack(.host, choice.doctor == nil ? noValues : "the doctor's report has no information on the processor")
            return nil
        }
        return FleetHost(
            source: source, architecture: box.architecture, cpuModel: box.cpuModel, cores: box.cores,
            threads: box.threads, memoryBytes: box.memoryBytes, kernelRelease: box.kernelRelease)
    }

    /// The box that was measured.
    private var calibratedBox: (box: BoxIdentity, source: FleetSource)? {
        if let calibration = choice.calibration?.content { return (calibration.box, .calibration) }
        return choice.newestProfile.map { ($0.box, .profile) }
    }

    private mutating func identity() -> BoxComparison? {
        guard let (box, _) = calibratedBox else {
            lack(.identity, noValues)
            return nil
        }
        guard let report = choice.doctor?.content, let host = report.host else {
            let reason =
                choice.doctor == nil
                ? "there is no doctor's report" : "the doctor's report has no information on the processor"
            lack(.identity, reason)
            find(.identityUnknown, "whether the box has changed is not known: \(reason)", remedy: .makeDoctorReport)
            return nil
        }
        let comparison = BoxComparison(box, report, host)
        guard !comparison.changes.isEmpty else { return comparison }
        let changes = comparison.changes.map { "\($0.trait.words) was \($0.calibrated), is \($0.present)" }
            .joined(separator: "; ")
        if comparison.isSetOtherwise {
            find(
                .settingChanged, "the box is set otherwise than for its calibration: \(changes)",
                remedy: "set it as it was before the box is used, or profile it as it is")
        } else {
            let what = comparison.isOtherBox ? "another box was calibrated" : "the box has changed since"
            find(.identityChanged, "\(what): \(changes)", remedy: .calibrateAgain)
        }
        return comparison
    }

    // MARK: - What was measured

    private mutating func meter() -> FleetMeter? {
        let energy = choice.doctor?.content.energy
        guard let (description, source) = measuredBy else {
            guard let energy else {
                lack(.meter, noValues)
                return nil
            }
            if energy.origin == .unavailable { noMeter(energy.reason, energy) }
            return FleetMeter(source: .doctor, name: energy.meter, origin: energy.origin, reason: energy.reason)
        }
        let meter = FleetMeter(
            source: source, name: description.name, origin: description.origin, reason: description.reason)
        switch description.origin {
        case .unavailable:
            if let energy, energy.origin == .measured, let name = energy.meter {
                find(
                    .meterUnused, "times alone were measured, and there is a meter now: \(name)",
                    remedy: .calibrateAgain)
            } else {
                noMeter(description.reason, energy)
            }
        case .simulated, .modelled, .recorded:
            let reason = description.reason ?? choice.calibration?.content.box.virtualBoard
            find(
                .energyNotMeasured,
                "energies are \(description.origin.rawValue)\(reason.map { ": \($0)" } ?? "")")
        case .measured: break
        }
        return meter
    }

    private var measuredBy: (meter: MeterDescription, source: FleetSource)? {
        if let calibration = choice.calibration?.content { return (calibration.meter, .calibration) }
        return choice.newestProfile.map { ($0.meter, .profile) }
    }

    private mutating func noMeter(_ reason: String?, _ energy: DoctorReport.EnergySection?) {
        let reason = reason ?? "no reason is given"
        // The doctor's remedies are in the words of the command line already, and a profile's reason has one.
        let remedy = energy?.backends.compactMap(\.remedy).first { !reason.contains($0) }
        findings.append(FleetFinding(.noEnergy, "time alone, no energy: \(reason)", remedy: remedy))
    }

    private mutating func closure() -> Closure? {
        guard let closure = choice.calibration?.content.closure ?? choice.newestProfile?.closure else {
            lack(.closure, choice.newestProfile == nil ? noValues : "the profile has no checks")
            return nil
        }
        let failures = [
            ("times", closure.timeRatio), ("gross energies", closure.grossEnergyRatio),
            ("net energies", closure.netEnergyRatio ?? closure.grossEnergyRatio),
        ].filter { Closure.fails($0.1) }
        if !failures.isEmpty {
            let parts = failures.map { "\($0) differ from the whole step by \(NumberText.percent($1))" }
            find(.closure, "the layers' \(parts.joined(separator: " and "))", remedy: .quietBoxOrLongerBudget)
        }
        return closure
    }

    private mutating func disturbances() -> FleetDisturbances? {
        let known = choice.profiles.compactMap(\.disturbances)
        guard let all = Disturbances(joining: known) else {
            let reason =
                choice.profiles.isEmpty
                ? choice.calibration == nil ? noValues : "the calibration's profiles are not in the folder"
                : "the profiles are of a version that does not say"
            lack(.disturbances, reason)
            return nil
        }
        let seconds = all.causes.reduce(0) { $0 + $1.seconds }
        let found = FleetDisturbances(
            profiles: known.count, measurementCount: all.measurementCount,
            rejectedCount: all.causes.reduce(0) { $0 &+ $1.count },
            rejectedShare: all.measuredSeconds > 0 ? min(1, seconds / all.measuredSeconds) : 0,
            mainCause: all.mainCause, summary: all.causes.isEmpty ? nil : all.summary)
        if all.isTooMuch || known.contains(where: \.isTooMuch) {
            find(.disturbed, "disturbed: \(found.summary ?? "")", remedy: .quietBoxOrLongerBudget)
        }
        return found
    }

    private mutating func calibration() -> FleetCalibration? {
        guard let (file, calibration) = choice.calibration else {
            lack(.calibration, choice.profiles.isEmpty ? noValues : "its profiles were not calibrated")
            return nil
        }
        return FleetCalibration(
            file: file.name, sha256: file.sha256, kerfVersion: calibration.kerfVersion,
            profiles: calibration.provenance.count, threads: calibration.workload.threads,
            measured: calibration.measured, ageDays: Timestamp.days(from: calibration.measured, to: now))
    }

    // MARK: - The cut

    private var isServer: Bool {
        guard let sha256 = choice.calibration?.file.sha256 else { return false }
        return decider.map { $0.serverSha256 == sha256 } ?? decisions.servers.contains(sha256)
    }

    private mutating func decision() -> FleetDecision? {
        guard let found = foundDecision() else { return nil }
        if found.stands == false {
            find(
                .decisionDoesNotStand, "the decision does not stand: \(found.reasons.joined(separator: " "))",
                remedy: .quietBoxOrLongerBudget)
        }
        return found
    }

    private mutating func foundDecision() -> FleetDecision? {
        let sha256 = choice.calibration?.file.sha256
        if decider != nil {
            switch decided {
            case .success(let decision): return FleetDecision(decision, file: nil)
            case .failure(let error):
                lack(.decision, error.text { $0.description })
                findings.append(FleetFinding(.notDecided, "not decided: \(error.text(remedy: words))"))
            case nil: lack(.decision, isServer ? "it is the server" : noCalibration)
            }
            return nil
        }
        if let (decision, file) = decisions.decision(of: choice.name, from: sha256) {
            return FleetDecision(decision, file: file)
        }
        if let sha256, let file = decisions.other(of: choice.name, than: sha256) {
            let text = "\(PlainText.path(file)) was decided from another calibration than the box's"
            lack(.decision, text)
            find(.decisionOutdated, text, remedy: .decideAgain)
        } else if isServer {
            lack(.decision, "it is the server")
        } else if sha256 == nil {
            lack(.decision, noCalibration)
        } else {
            lack(.decision, "no decision was collected; " + words(.serverAndLink))
        }
        return nil
    }

    private var noCalibration: String { choice.profiles.isEmpty ? noValues : "its profiles were not calibrated" }
}
