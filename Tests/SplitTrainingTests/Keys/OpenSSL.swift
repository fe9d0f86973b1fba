import Foundation
import SystemPackage
import TestSupport

/// The command line of OpenSSL: reads and makes keys without code of Kerf's or of the libraries that it uses.
enum OpenSSL {
    struct Failure: Error, CustomStringConvertible { var description: String }

    /// Runs a command and returns its status and all that it printed.
    static func run(_ arguments: [String], in tree: FixtureTree? = nil) throws -> (status: Int32, text: String) {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        if let tree { process.currentDirectoryURL = URL(fileURLWithPath: tree.path.string) }
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    /// Runs a command that must succeed; its words are separated by blanks.
    @discardableResult
    static func make(_ command: String, in tree: FixtureTree) throws -> String {
        let (status, text) = try run(command.split(separator: " ").map(String.init), in: tree)
        guard status == 0 else { throw Failure(description: "openssl \(command): \(text)") }
        return text
    }
}
