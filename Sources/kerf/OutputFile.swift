import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where a command's result will go.
enum OutputFile {
    /// Refuses a place that cannot take the file, before minutes are spent on what would go there.
    static func checkPlace(_ path: String) throws {
        let place = FilePath(path)
        let parent = place.removingLastComponent()
        let folder = parent.isEmpty ? "." : parent.string
        var information = stat()
        guard stat(folder, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else {
            throw KerfFailure(.cannotCreate, "\(path): its folder does not exist; make the folder first")
        }
        if stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR {
            throw KerfFailure(.cannotCreate, "\(path): this is a folder; give a file name in it")
        }
        guard access(folder, W_OK) == 0 else {
            throw KerfFailure(.noPermission, "\(path): no permission to write there; choose a folder of your own")
        }
    }
}
