import Glibc
import ModelFiles
import SystemIO
import SystemPackage
import TransformerKernels
import Workload

/// The folder in which a server keeps its training: `state.safetensors`, replaced in one step at each commit, and `lock`.
///
/// A file system's rename is atomic and the file is synchronized before it, so that after a crash at any moment the
/// folder has the state before the commit or the one after it.
package final class StateFolder: Sendable {
    package let path: String
    private let lock: FileDescriptor
    /// Whether this object made the folder.
    private let isNew: Bool

    private static let stateName = "state.safetensors"
    package var statePath: String { path + "/" + Self.stateName }

    /// Opens the folder, and makes it if it does not exist.
    ///
    /// - Throws: ``KerfError/Code/inUse`` while another server has it.
    package init(path: String) throws(KerfError) {
        isNew = mkdir(path, 0o700) == 0
        guard isNew || errno == EEXIST else {
            let cause = Errno(rawValue: errno)
            throw KerfError(
                .cannotCreate, at: path, "cannot be made: \(cause)", cause: cause,
                remedy: cause == .noSuchFileOrDirectory
                    ? "make its parent directory first, or give a directory of your own"
                    : "give a directory of your own")
        }
        try Self.checkContents(of: path)
        let name = path + "/lock"
        do {
            lock = try FileDescriptor.open(
                name, .readWrite, options: [.create, .closeOnExec], permissions: [.ownerReadWrite])
        } catch {
            let errno = error as? Errno
            throw KerfError(
                errno == .permissionDenied ? .permissionDenied : .cannotCreate,
                at: errno == .notDirectory ? path : name, "cannot be opened: \(error)",
                cause: errno, remedy: "give a directory of your own")
        }
        self.path = path
        guard flock(lock.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            try? lock.close()
            throw KerfError(
                .inUse, at: path, "another server uses this state", remedy: "end it, or give another folder")
        }
        AtomicFile.removeRemains(of: statePath)
    }

    /// A folder of keys or of a device's results is not taken.
    private static func checkContents(of path: String) throws(KerfError) {
        let foreign = ["server", "ca.pem", "cert.pem", "issued.txt", "run.json", "adapters"]
        guard let other = foreign.first(where: { SmallFile.exists(path + "/" + $0) }) else { return }
        throw KerfError(
            .cannotCreate, at: path, "is not a folder of a training's state: it holds \(PlainText.quoted(other))",
            remedy: "give a new folder")
    }

    /// A folder that was made for nothing is removed: the server could not listen, or no device came.
    deinit {
        if isNew, !SmallFile.exists(statePath) {
            unlink(path + "/lock")
            rmdir(path)
        }
        try? lock.close()
    }

    /// The state of the training so far; nil before the first device.
    package func load(config: ModelConfig) throws -> TrainingState? {
        do throws(Errno) {
            _ = try FileStatus(at: statePath)
        } catch {
            guard error == .noSuchFileOrDirectory else {
                throw KerfError(.ioError, at: statePath, "cannot be read: \(error)", cause: error)
            }
            return nil
        }
        do { return try TrainingState(path: statePath, config: config) } catch var error as KerfError {
            // The file's format would tell to download it again.
            if error.code.category == .badData, error.code != .mismatch {
                error.remedy = "begin a new training in another folder, from its adapters where a device has them"
            }
            throw error
        }
    }

    /// Makes a state durable.
    package func commit(_ state: TrainingState) throws { try AtomicFile.write(try state.file(), to: statePath) }
}
