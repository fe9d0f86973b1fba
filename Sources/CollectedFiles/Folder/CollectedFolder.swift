import CARD
import Calibration
import Instrumentation
import SystemIO
import SystemPackage

/// The files of a folder that are Kerf's, whatever they are called, and the names of the others.
///
/// A file that is damaged or cannot be read does not hide the rest.
package struct CollectedFolder: Sendable {
    package private(set) var files: [CollectedFile] = []
    /// Why a file of Kerf's is not among ``files``; each error has its path.
    package private(set) var damaged: [KerfError] = []
    /// Files of other programs, by their names relative to the folder.
    package private(set) var foreign: [String] = []

    /// - Parameter isDeep: whether folders in the folder are entered.
    /// - Throws: ``KerfError`` for a folder that cannot be read or has too many files.
    package init(_ folder: FilePath, isDeep: Bool = true) throws(KerfError) {
        let walk = try FolderWalk(folder, isDeep: isDeep)
        damaged = walk.unreadable
        for name in walk.files {
            do throws(KerfError) {
                if let file = try CollectedFile(folder.appending(name), named: name) {
                    files.append(file)
                } else {
                    foreign.append(name)
                }
            } catch {
                damaged.append(error)
            }
        }
    }

    /// A folder that cannot be read.
    init(unreadable error: KerfError) { damaged = [error] }
}

/// Files of one kind with their names.
extension CollectedFolder {
    typealias Found<Content> = (file: CollectedFile, content: Content)

    private func found<Content>(_ content: (CollectedFile.Content) -> Content?) -> [Found<Content>] {
        files.compactMap { file in content(file.content).map { (file: file, content: $0) } }
    }

    var statuses: [Found<CollectionStatus>] { found { if case .status(let status) = $0 { status } else { nil } } }
    var doctors: [Found<DoctorReport>] { found { if case .doctor(let report) = $0 { report } else { nil } } }
    var profiles: [Found<ProfileDigest>] { found { if case .profile(let profile) = $0 { profile } else { nil } } }
    var calibrations: [Found<Calibration>] {
        found { if case .calibration(let calibration) = $0 { calibration } else { nil } }
    }
    var links: [Found<LinkProfile>] { found { if case .link(let link) = $0 { link } else { nil } } }
    var decisions: [Found<Decision>] { found { if case .decision(let decision) = $0 { decision } else { nil } } }
    var decisionsOfPairs: [Found<Decisions>] {
        found { if case .decisions(let decisions) = $0 { decisions } else { nil } }
    }
}
