/// Values with a minus sign, such as that of `--steps -1`.
///
/// ArgumentParser takes them for options, and reports that the value is missing. Written as `--steps=-1` they reach the
/// check that tells which values are allowed.
enum NegativeValues {
    /// - Parameter arguments: those after the program's name. What follows a `--` belongs to another command line.
    static func joined(in arguments: [String]) -> [String] {
        var joined: [String] = []
        for (index, argument) in arguments.enumerated() {
            if argument == "--" { return joined + arguments[index...] }
            if isNegative(argument), let option = joined.last, option.hasPrefix("--"), !option.contains("=") {
                joined[joined.count - 1] = "\(option)=\(argument)"
            } else {
                joined.append(argument)
            }
        }
        return joined
    }

    private static func isNegative(_ argument: String) -> Bool {
        guard argument.hasPrefix("-"), let second = argument.dropFirst().first else { return false }
        return second.isNumber || second == "."
    }
}
