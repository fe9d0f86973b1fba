import Glibc
import SystemIO
import SystemPackage

extension SystemRoot {
    /// Why an entry of a class directory, such as a link to a device, leads to no directory; `nil` where it does lead to one.
    ///
    /// A link to nothing is not a missing driver: the kernel removes the link with the device. Containers mount an empty
    /// directory over parts of the device tree (`/sys/devices/virtual/powercap` since CVE-2020-8694) and leave the links.
    package func obstacle(to entry: FilePath) -> KerfError? {
        let resolved = resolvingFlattenedLink(entry)
        guard !isDirectory(resolved) else { return nil }
        var information = stat()
        if stat(resolved.string, &information) == 0 {
            guard information.st_mode & S_IFMT != S_IFDIR else {
                return KerfError(.notFound, "leads to no directory of this tree", at: entry)
            }
            return wrongFile(entry)
        }
        let failure = Errno(rawValue: errno)
        return failure == .noSuchFileOrDirectory ? masked(entry) : KerfError(failure, doing: "open", at: entry)
    }

    /// A text file stands for a link whose target is missing; any other file is none.
    private func wrongFile(_ entry: FilePath) -> KerfError {
        do throws(KerfError) {
            let isLink = try SysfsFile.text(at: entry).contains("/")
            return isLink
                ? masked(entry) : KerfError(.invalidReading, "is no directory and no link to one", at: entry)
        } catch {
            return error
        }
    }

    /// Why a class directory shows less than it lists: an error for each entry that leads to no directory, or the one of a
    /// directory that is there and cannot be listed, or is a link to nothing. None where there is no such directory,
    /// unless the running system shows no class at all.
    ///
    /// - Parameter isSought: whether an entry of this name is of the kind that the caller reads.
    package func obstacles(in directory: FilePath, where isSought: (String) -> Bool = { _ in true }) -> [KerfError] {
        if isLive && !isDirectory(file("sys/class")) { return [hiddenSysfs(directory)] }
        if isLink(directory), let obstacle = obstacle(to: directory) { return [obstacle] }
        do throws(KerfError) {
            // The kernel hides none; an archive or a checkout leaves such files in directories that are empty.
            let entries = try listing(directory).filter { !$0.hasPrefix(".") && isSought($0) }
            return entries.compactMap { obstacle(to: directory.appending($0)) }
        } catch {
            return [error]
        }
    }

    /// The kernel has devices of some class: without any, their drivers are not what is missing.
    private func hiddenSysfs(_ directory: FilePath) -> KerfError {
        KerfError(
            .masked, "sysfs is not mounted, or something hides it: there is no \(file("sys/class"))", at: directory,
            remedy: "sudo mount -t sysfs sysfs /sys")
    }

    private func isLink(_ path: FilePath) -> Bool {
        var information = stat()
        return lstat(path.string, &information) == 0 && information.st_mode & S_IFMT == S_IFLNK
    }

    private func masked(_ entry: FilePath) -> KerfError {
        let components = hiddenDirectory(behind: entry).components.dropFirst(path.components.count)
        let place = PlainText.shown("/" + components.map(\.string).joined(separator: "/"), limit: 200)
        return KerfError(
            .masked, "masked: this link leads into \(place), which is hidden from this process or was not recorded",
            at: entry,
            remedy: isRecording && !isLive
                ? .text("add the box's \(place) to the tree")
                : .text(
                    "in a container mount the host's directory (docker run -v \(place):\(place):ro), or start it with the "
                        + "security option systempaths=unconfined; elsewhere sudo umount \(place)"))
    }

    /// The directory over which something is mounted: the last one on a link's way that is there, or the first that is
    /// missing where not even the device tree is there.
    private func hiddenDirectory(behind entry: FilePath) -> FilePath {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(entry.string, &buffer, buffer.count)
        // Without a link the entry is a text file that holds its target, or unreadable: then the class stands for it.
        let text =
            count > 0
            ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            : (try? SysfsFile.text(at: entry)) ?? "."
        var missing = entry.removingLastComponent().appending(text).lexicallyNormalized()
        guard missing.starts(with: path) else { return entry }
        while missing.components.count > path.components.count + 1 {
            let parent = missing.removingLastComponent()
            if isDirectory(parent) { return parent == file("sys") ? missing : parent }
            missing = parent
        }
        return missing
    }

    /// The names in a directory, as ``names(in:)``; none where there is no such directory.
    ///
    /// - Throws: the error of a directory that is there and cannot be listed.
    func listing(_ directory: FilePath) throws(KerfError) -> [String] {
        guard let stream = opendir(directory.string) else {
            let failure = Errno(rawValue: errno)
            if failure == .noSuchFileOrDirectory || failure == .notDirectory { return [] }
            throw KerfError(failure, doing: "list", at: directory)
        }
        closedir(stream)
        return names(in: directory)
    }
}
