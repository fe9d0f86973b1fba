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

    package var statePath: String { path + "/state.safetensors" }

    /// Opens the folder, and makes it if it does not exist.
    ///
    /// - Throws: ``KerfError/Code/inUse`` while another server has it.
    package init(path: String) throws(KerfError) {
        isNew = mkdir(path, 0o700) == 0
        guard isNew || errno == EEXIST else {
            throw KerfError(
                .cannotCreate, at: path, "cannot be made: \(String(cString: strerror(errno)))",
                remedy: "make its parent directory first")
        }
        let name = path + "/lock"
        do {
            lock = try FileDescriptor.open(
                name, .readWrite, options: [.create, .closeOnExec], permissions: [.ownerReadWrite])
        } catch {
            let errno = error as? Errno
            throw KerfError(
                errno == .permissionDenied ? .permissionDenied : .cannotCreate, at: name, "cannot be opened: \(error)",
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
        return try TrainingState(path: statePath, config: config)
    }

    /// Makes a state durable.
    package func commit(_ state: TrainingState) throws { try AtomicFile.write(try state.file(), to: statePath) }
}
