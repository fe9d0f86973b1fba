import SystemIO

/// Most commands name their output by `--out`.
extension OutputFile {
    package static func checkPlace(_ path: String) throws { try checkPlace(path, of: "--out") }
}

extension OutputGuard {
    package static func check(_ output: String, isNoneOf inputs: [String]) throws(KerfError) {
        try check(output, of: "--out", isNoneOf: inputs)
    }
}
