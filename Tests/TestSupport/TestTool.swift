import Glibc
import SystemPackage
import Testing

/// A program outside the package that some tests need. `Scripts/setup.sh test` installs all of them.
///
/// A test that needs one is marked `.requires(.umockdev)`. Where the program is missing, the test is skipped and the
/// reason is shown. Where the environment variable `CI` is `true`, as in `.ci/run`, the test fails instead, so that no
/// run there succeeds with fewer tests.
package struct TestTool: Sendable {
    /// What is needed, and the command that installs it.
    package let needs: String
    package let isInstalled: Bool

    package static let jsonschema = TestTool(
        needs: "python3 with jsonschema (apt install python3-jsonschema)", isInstalled: SchemaChecker.isInstalled)
    package static let umockdev = TestTool(
        needs: "umockdev-run (apt install umockdev)", isInstalled: umockdevPath != nil)

    package static let openssl = TestTool(
        needs: "openssl (apt install openssl)", isInstalled: access("/usr/bin/openssl", X_OK) == 0)

    package static let protoc = TestTool(
        needs: "protoc (apt install protobuf-compiler)", isInstalled: access("/usr/bin/protoc", X_OK) == 0)

    /// For the reader of Kerf's files; not one of Debian's packages, whose versions are old.
    package static let pandas = TestTool(
        needs: "pandas and matplotlib (bash Scripts/setup-notebook.sh)", isInstalled: notebookPython != nil)

    /// The virtual environment that Scripts/setup-notebook.sh makes.
    package static let notebookPython: FilePath? = {
        let root = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
        let python = root.appending(".build-notebook/bin/python")
        return access(python.string, X_OK) == 0 ? python : nil
    }()

    package static let umockdevPath: FilePath? =
        ["/usr/bin/umockdev-run", "/usr/local/bin/umockdev-run"].map { FilePath($0) }
        .first { access($0.string, X_OK) == 0 }

    /// Whether a missing tool is a failure.
    package static let areRequired: Bool = getenv("CI").map { String(cString: $0) } == "true"

    /// Whether tests that need the tool run.
    ///
    /// - Throws: ``Missing`` where the tool is missing and a run under CI must have it.
    package func isUsable() throws -> Bool {
        guard isInstalled || !Self.areRequired else { throw Missing(needs: needs) }
        return isInstalled
    }

    package struct Missing: Error, CustomStringConvertible {
        package let needs: String
        package var description: String { "CI=true, and a tool that tests need is missing: \(needs)" }
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips the test where the tool is missing, or fails it under CI; see ``TestTool``.
    package static func requires(_ tool: TestTool, sourceLocation: SourceLocation = #_sourceLocation) -> Self {
        .enabled("needs \(tool.needs)", sourceLocation: sourceLocation) { try tool.isUsable() }
    }
}
