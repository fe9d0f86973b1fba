import ModelFiles
import ProbeKit
import Profiling
import SystemIO
import Testing
import TransformerKernels

@testable import CARD
@testable import CommandSupport
@testable import kerf

/// Which exit status each code ends with.
@Suite("Exit status")
struct ExitStatusTests {
    @Test(
        arguments: [
            (.outOfMemory, 71), (.engineUnavailable, 69), (.impossibleShape, 65), (.invalidToken, 65), (.notReady, 1),
            (.noSuchFile, 66), (.permissionDenied, 77), (.ioError, 74), (.malformed, 65), (.unsupported, 65),
            (.truncated, 65), (.missingTensor, 65), (.wrongSchema, 65), (.unusableData, 65), (.cannotCreate, 73),
            (.notFound, 69), (.inUse, 73), (.busy, 74), (.invalidReading, 74), (.ambiguousReading, 74),
            (.implausibleReading, 74), (.staleReading, 69), (.masked, 69), (.interruptedReading, 74),
            (.invalidArgument, 64), (.incompatible, 65), (.incomplete, 65), (.noEnergy, 69), (.infeasible, 69),
            (.interrupted, 130),
        ] as [(KerfError.Code, Int32)])
    func codes(code: KerfError.Code, status: Int32) {
        #expect(ExitStatus(code.category).rawValue == status)
    }

    @Test("every category has a status of its own")
    func categories() {
        let statuses = KerfError.Category.allCases.map { ExitStatus($0) }
        #expect(Set(statuses).count == statuses.count && !statuses.contains(.success))
        // No error: what was asked for was done, and exceeds a limit.
        #expect(!statuses.contains(.limitExceeded))
    }

    @Test("one line: location, message, remedy")
    func line() {
        #expect(KerfError(.notReady, "why", remedy: "do").description == "why; do")
        #expect(KerfError(.ioError, at: "m.gguf", "why").description == "m.gguf: why")
        let error = KerfError(.disturbed, "why", remedy: .quietBoxOrLongerBudget)
        #expect(!error.description.contains("--") && error.text(remedy: RemedyText.words).contains("--budget"))
    }
}
