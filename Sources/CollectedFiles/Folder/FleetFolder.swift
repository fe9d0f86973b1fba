import SystemIO
import SystemPackage

/// A folder with a folder for each box, which is named after the box.
package struct FleetFolder: Sendable {
    package struct Box: Sendable {
        package let name: String
        package let folder: CollectedFolder
    }

    package let path: String
    /// In natural order of their names.
    package let boxes: [Box]
    /// Files beside the boxes' folders, such as the decisions for all boxes.
    package let files: CollectedFolder

    /// Reads all of it.
    ///
    /// - Throws: ``KerfError/Code/noSuchFile`` for a folder that does not exist or holds no folder; other ``KerfError``s
    ///   for one that cannot be read or has too many files.
    package init(at path: String) throws(KerfError) {
        let folder = FilePath(path)
        let names = try FolderWalk.folders(in: folder)
        let files = try CollectedFolder(folder, isDeep: false)
        guard !names.isEmpty else {
            let isBox = !files.files.isEmpty
            throw KerfError(
                .noSuchFile, at: path,
                isBox ? "holds files of a box, and no folder of a box" : "there is no folder of a box in it",
                remedy: isBox ? "give the folder above it" : "give the folder that holds a folder for each box")
        }
        self.path = path
        self.files = files
        var boxes: [Box] = []
        for name in names {
            do throws(KerfError) {
                boxes.append(Box(name: name, folder: try CollectedFolder(folder.appending(name))))
            } catch {
                boxes.append(Box(name: name, folder: CollectedFolder(unreadable: error)))
            }
        }
        self.boxes = boxes
    }

    /// Paths of the files that the view is made from, which no output may replace.
    package var inputs: [String] {
        func paths(_ folder: CollectedFolder, in place: FilePath) -> [String] {
            folder.files.compactMap { file in
                if case .other = file.content { nil } else { place.appending(file.name).string }
            }
        }
        return boxes.flatMap { paths($0.folder, in: FilePath(path).appending($0.name)) }
            + paths(files, in: FilePath(path))
    }
}
