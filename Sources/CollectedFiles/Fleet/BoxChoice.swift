import CARD
import Calibration
import Instrumentation
import SystemIO

/// The files of a box that its row is made from: of several of one kind the newest, or the last by name where they have no
/// time.
struct BoxChoice {
    let name: String
    let folder: CollectedFolder
    let status: CollectionStatus?
    let doctor: CollectedFolder.Found<DoctorReport>?
    let calibration: CollectedFolder.Found<Calibration>?
    let link: CollectedFolder.Found<LinkProfile>?
    /// Those that the calibration was made from; all where none of them is here.
    let profiles: [ProfileDigest]

    init(_ box: FleetFolder.Box) {
        name = box.name
        folder = box.folder
        status = folder.statuses.map(\.content).max { $0.time < $1.time }
        doctor = folder.doctors.last
        calibration = folder.calibrations.max { $0.content.measured < $1.content.measured }
        link = folder.links.max { $0.content.created < $1.content.created }
        let sources = Set((calibration?.content.provenance ?? []).map(\.sha256))
        let all = folder.profiles
        let own = all.filter { sources.contains($0.file.sha256) }
        profiles = (calibration == nil ? all : own).map(\.content)
    }

    var newestProfile: ProfileDigest? { profiles.max { $0.created < $1.created } }

    /// The box as a device of a decision; `nil` without a calibration.
    var device: FleetDecider.Device? {
        calibration.map { file, content in
            FleetDecider.Device(
                name: name, side: Decider.Side(calibration: content, sha256: file.sha256),
                measured: link.map { ($0.content, "\(name)/\($0.file.name)") })
        }
    }

    /// Files of a kind of which one is used, as a sentence; empty where there is one.
    var severalFiles: [String] {
        [
            ("calibrations", folder.calibrations.map(\.file.name), calibration?.file.name),
            ("doctor's reports", folder.doctors.map(\.file.name), doctor?.file.name),
            ("links", folder.links.map(\.file.name), link?.file.name),
        ].compactMap { kind, names, used in
            guard names.count > 1, let used else { return nil }
            return "\(names.count) \(kind), of which \(PlainText.path(used)) is used"
        }
    }
}

extension Calibration {
    /// The end of the last run that it was made from; empty without provenance. Times of one form compare as texts.
    var measured: String { provenance.map(\.created).max() ?? "" }
}
