import FoundationEssentials
import SplitTraining
import SystemIO

/// Keys as the transport takes them. What expires soon is told on standard error.
package enum SplitSecurity {
    /// - Parameter folder: the folder that `kerf keys init` made; nil for none on this machine.
    package static func server(keys folder: String?) throws -> ServerSecurity {
        guard let folder else { return .insecureLoopback }
        try checkNamed(folder)
        let keys = try ServerKeys(folder: folder)
        warn(keys.credentials)
        return try .tls(keys)
    }

    /// - Parameter folder: the device's folder; nil for none on this machine.
    package static func device(keys folder: String?) throws -> ClientSecurity {
        guard let folder else { return .insecureLoopback }
        try checkNamed(folder)
        let keys = try DeviceKeys(folder: folder)
        warn(keys.credentials)
        return .tls(try WireCredentials(keys.credentials))
    }

    /// An empty name, as of a variable that is not set, would stand for the working directory.
    private static func checkNamed(_ folder: String) throws(KerfError) {
        guard !folder.isEmpty else {
            throw KerfError(.invalidArgument, at: "", "names no folder of keys", remedy: .makeKeys)
        }
    }

    private static func warn(_ credentials: Credentials) {
        if let warning = credentials.expiryWarning(at: .now) { StandardError.write("kerf: warning: \(warning)\n") }
    }
}
