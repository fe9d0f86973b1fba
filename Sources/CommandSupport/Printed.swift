import SystemIO

/// What a command prints at its end: its file as JSON, or its text and where the file is.
///
/// The outputs are complete then: a signal ends the process at once, and nothing says that they are lost.
package enum Printed {
    /// - Parameters:
    ///   - bytes: of the file.
    ///   - text: ends with a line's end.
    ///   - paths: of the files that were written.
    package static func print(
        asJSON: Bool, _ bytes: [UInt8], or text: @autoclosure () throws -> String, written paths: String?...
    ) rethrows {
        Interruption.unwatch()
        Swift.print(asJSON ? String(decoding: bytes, as: UTF8.self) : try text(), terminator: "")
        for path in paths.compactMap(\.self) where !asJSON { Swift.print("written: \(path)") }
    }
}
