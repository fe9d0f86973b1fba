import Foundation
import Testing

@testable import SplitTraining

/// A certificate authority in a folder, made with openssl: what Kerf's own key tooling is independent of.
final class TestAuthority: Sendable {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "kerf-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca-key.pem -out ca.pem -days 2 "
                + "-subj /CN=authority")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Credentials of a server (localhost) or a device.
    ///
    /// - Parameter days: until it expires; negative for one that has expired.
    func credentials(_ name: String, isServer: Bool = false, days: Int = 1) throws -> WireCredentials {
        let extensions =
            isServer
            ? "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
            : "extendedKeyUsage=clientAuth"
        try extensions.write(to: folder.appending(path: "\(name).ext"), atomically: true, encoding: .utf8)
        try openssl(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \(name)-key.pem -out \(name).csr "
                + "-subj /CN=\(name)")
        try openssl(
            "x509 -req -in \(name).csr -CA ca.pem -CAkey ca-key.pem -out \(name).pem -days \(days) "
                + "-extfile \(name).ext -set_serial 0x\(UInt64.random(in: 1...(.max)))")
        return WireCredentials(
            certificateChain: try bytes("\(name).pem"), privateKey: try bytes("\(name)-key.pem"),
            trustRoots: try bytes("ca.pem"))
    }

    func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appending(path: name))) }

    private func openssl(_ arguments: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = folder
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl \(arguments)")
    }
}
