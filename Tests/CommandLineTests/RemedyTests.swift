import SystemIO
import Testing

@testable import CommandSupport
@testable import kerf

struct RemedyTests {
    static let remedies: [Remedy] = [
        .userNamespaces, .unpackCapture, .virtualBoard, .withoutPinning, .hostOrVirtualBoard,
        .powerSensorOrVirtualBoard, .runningSystem, .nameRails, .railsOfOneKind, .restoreFrequency(root: nil),
        .restoreFrequency(root: "/tree"), .startBoard(root: nil), .startBoard(root: "/tree"), .makeDoctorReport,
        .makeKeys, .makeDeviceKeys(name: "pi-4"), .quietBoxOrLongerBudget, .largerQuotaOrFewerThreads,
        .chooseWorkload, .profileMoreWorkloads, .calibrateAgain, .decideAgain, .serverAndLink, .linkToServer,
    ]

    @Test("a remedy names options only in the words of the command line", arguments: remedies)
    func words(remedy: Remedy) {
        #expect(!remedy.description.contains("--") && !remedy.description.contains("kerf "))
        let words = RemedyText.words(remedy)
        #expect(words.contains("--") || words.contains("kerf "))
    }

    @Test func aRemedyOfOneOfSeveralNamesItsSubject() {
        #expect(
            RemedyText.words(.of("for powercap", .hostOrVirtualBoard))
                == "for powercap: run on the machine itself, or measure on a virtual board: kerf board --root DIR")
    }

    @Test func severalAreJoined() {
        let remedy = Remedy.all(["run as root (sudo)", .restoreFrequency(root: "/tree")])
        #expect(remedy.description == "run as root (sudo); restore the frequency limits")
        #expect(
            RemedyText.words(remedy)
                == "run as root (sudo); restore them: kerf restore-frequency --root /tree")
    }
}
