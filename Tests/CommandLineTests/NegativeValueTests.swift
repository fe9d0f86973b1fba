import Testing

@testable import CommandSupport

@Suite("Values with a minus sign")
struct NegativeValueTests {
    @Test(
        arguments: [
            (["train", "--steps", "-1", "--json"], ["train", "--steps=-1", "--json"]),
            (
                ["decide", "--weight", "-.5", "--device-memory", "-1gib"],
                ["decide", "--weight=-.5", "--device-memory=-1gib"]
            ),
            (["train", "--steps=3", "-1"], ["train", "--steps=3", "-1"]),
            (["keys", "device", "-1"], ["keys", "device", "-1"]),
            (["decide", "-h", "--json", "-v"], ["decide", "-h", "--json", "-v"]),
            (["--", "--steps", "-1"], ["--", "--steps", "-1"]),
            (["replay", "box.tar", "--", "x", "--n", "-1"], ["replay", "box.tar", "--", "x", "--n", "-1"]), ([], []),
        ] as [([String], [String])])
    func joined(arguments: [String], expected: [String]) {
        #expect(NegativeValues.joined(in: arguments) == expected)
    }

    @Test func theErrorTellsWhatIsAllowed() throws {
        let outcome = try KerfProcess.run("simulate", "--seeds", "-1")
        #expect(outcome.status == 64, "\(outcome.standardError)")
        #expect(outcome.standardError.contains("--seeds must be between 1 and 10000, not -1"))
    }
}
