import CARD
import Calibration
import FoundationEssentials
import SystemIO

extension FleetView {
    /// Looks through what was collected. A pure function of the files and the time.
    ///
    /// - Parameters:
    ///   - decider: decides cuts anew; without it they are those of the decisions that were collected.
    ///   - now: what ages are counted to.
    ///   - words: the text of a remedy.
    package init(
        _ folder: FleetFolder, decider: FleetDecider? = nil, now: Date,
        remedy words: @escaping (Remedy) -> String = { $0.description }
    ) {
        let choices = folder.boxes.map { BoxChoice($0) }
        let found = FoundDecisions(folder)
        let decided = decider?.decide(choices.compactMap(\.device)) ?? [:]
        let workloads = Self.workloads(choices)
        self.init(
            kerfVersion: KerfVersion.current, created: Timestamp.text(now),
            boxes: choices.map { choice in
                var assembly = BoxAssembly(
                    choice, found, decided: decided[choice.name], by: decider, now: now, remedy: words)
                return assembly.box(workload: workloads.firstIndex { $0.boxes.contains(choice.name) })
            },
            workloads: workloads, decider: decider?.settings, findings: [])
        findings = Self.findings(folder.files, words) + Self.severalWorkloads(workloads)
    }

    /// The one of most boxes first; of equal numbers, in the order of the boxes.
    private static func workloads(_ choices: [BoxChoice]) -> [FleetWorkload] {
        var found: [FleetWorkload] = []
        for choice in choices {
            let calibration = choice.calibration?.content
            let profile = choice.newestProfile
            guard let model = calibration?.model ?? profile?.model,
                let workload = calibration?.workload ?? profile?.workload
            else { continue }
            let own = FleetWorkload(model: model, workload: workload, boxes: [choice.name])
            if let place = found.firstIndex(where: { FleetWorkload.areSame($0, own) }) {
                found[place].boxes.append(choice.name)
            } else {
                found.append(own)
            }
        }
        return found.enumerated().sorted {
            ($1.element.boxes.count, $0.offset) < ($0.element.boxes.count, $1.offset)
        }.map(\.element)
    }

    private static func severalWorkloads(_ workloads: [FleetWorkload]) -> [FleetFinding] {
        guard workloads.count > 1 else { return [] }
        return [
            FleetFinding(
                .severalWorkloads,
                "boxes were calibrated for \(workloads.count) different workloads: their times and cuts do not "
                    + "compare")
        ]
    }

    private static func findings(_ files: CollectedFolder, _ words: (Remedy) -> String) -> [FleetFinding] {
        files.damaged.map { FleetFinding(.damagedFile, $0.text(remedy: words)) }
            + (files.foreign.isEmpty ? [] : [FleetFinding(.foreignFiles, foreignText(files.foreign))])
    }

    /// Names of at most this many foreign files are listed.
    private static let maximumNames = 5

    /// `2 files are not Kerf's and were skipped: notes.txt, run.log`
    static func foreignText(_ names: [String]) -> String {
        let shown = names.prefix(maximumNames).map(PlainText.path).joined(separator: ", ")
        let more = names.count > maximumNames ? " and \(names.count - maximumNames) more" : ""
        let what =
            names.count == 1
            ? "1 file is not Kerf's and was skipped" : "\(names.count) files are not Kerf's and were skipped"
        return "\(what): \(shown)\(more)"
    }
}
