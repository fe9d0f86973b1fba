import SplitTraining
import SystemIO

/// Keys as the transport takes them.
enum SplitSecurity {
    /// - Parameter keys: the folder that `kerf keys init` made.
    static func server(keys folder: String) throws -> ServerSecurity {
        let keys = try ServerKeys(folder: folder)
        warn(keys.credentials)
        return .tls(try credentials(keys.credentials)) { certificate in
            let identity = try keys.identify([certificate], from: "the device")
            return identity.name.text
        }
    }

    /// - Parameter keys: the device's folder.
    static func device(keys folder: String) throws -> ClientSecurity {
        let keys = try DeviceKeys(folder: folder)
        warn(keys.credentials)
        return .tls(try credentials(keys.credentials))
    }

    private static func credentials(_ credentials: Credentials) throws -> WireCredentials {
        WireCredentials(
            certificateChain: try credentials.certificatesPEM(), privateKey: try credentials.privateKeyPEM(),
            trustRoots: try credentials.authoritiesPEM())
    }

    private static func warn(_ credentials: Credentials) {
        if let warning = credentials.expiryWarning(at: .now) { StandardError.write("kerf: warning: \(warning)\n") }
    }
}
