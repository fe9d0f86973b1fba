import ArgumentParser
import Glibc
import SystemIO

/// The program, from its arguments to its exit status.
package enum Program {
    /// Parses the command line and runs the command that it names.
    ///
    /// Replaces ArgumentParser's own `main`, which reads the arguments from procfs and ends help, version and completion
    /// scripts with success although none of it could be printed.
    package static func run<Root: ParsableCommand>(_ root: Root.Type) -> Never {
        StandardStreams.secure()
        do {
            let arguments = NegativeValues.joined(in: OldNames.replaced(in: try ProgramArguments.afterName()))
            var command = try root.parseAsRoot(arguments)
            try command.run()
            // Commands check this themselves; what the last of them printed is not known to be whole.
            try StandardStreams.checkOutput()
        } catch let error as KerfError {
            ErrorReport.write(error)
            exit(ExitStatus(error.code.category).rawValue)
        } catch {
            end(root, with: error)
        }
        exit(ExitStatus.success.rawValue)
    }

    /// Ends the program with an error of the command line, or with the text that was asked for in place of a command.
    private static func end<Root: ParsableCommand>(_ root: Root.Type, with error: any Error) -> Never {
        guard root.exitCode(for: error).isSuccess else { root.exit(withError: error) }
        let text = root.fullMessage(for: error)
        if !text.isEmpty { print(text) }
        do throws(KerfError) {
            try StandardStreams.checkOutput()
        } catch {
            ErrorReport.write(error)
            exit(ExitStatus(error.code.category).rawValue)
        }
        exit(ExitStatus.success.rawValue)
    }
}
