import CollectedFiles
import SystemIO

/// Files among which folders of files may be.
package enum FolderArguments {
    /// The files, with those of a folder in its place. What is skipped in a folder is told in a line on standard error.
    ///
    /// - Parameters:
    ///   - schemas: of a folder's files that are taken.
    ///   - isReplacing: whether a folder's calibration stands for the profiles that it was made from.
    package static func files(
        _ given: [String], of schemas: Set<String>, calibrationsReplaceProfiles isReplacing: Bool = false
    ) throws(KerfError) -> [String] {
        let list = try FileList(given, of: schemas, calibrationsReplaceProfiles: isReplacing)
        for error in list.skipped {
            let text = PlainText.shown(error.text(remedy: RemedyText.words), limit: 2000)
            StandardError.write("kerf: skipped \(text)\n")
        }
        return list.paths
    }
}
