import ModelFiles
import SystemIO
import Testing

@testable import kerf

/// What kind of failure ends with which number.
struct ExitStatusTests {
    @Test(
        arguments: [
            (KerfError.Code.outOfMemory, 71), (.engine, 69), (.impossibleShape, 65), (.invalidToken, 65),
            (.notReady, 1),
        ] as [(KerfError.Code, Int32)])
    func kernels(code: KerfError.Code, status: Int32) {
        let failure = KerfError(KerfError(code, "why", remedy: "do"))
        #expect(failure.status.rawValue == status && failure.description == "why; do")
    }

    @Test(
        arguments: [
            (KerfError.Code.noSuchFile, 66), (.permissionDenied, 77), (.ioError, 74), (.invalidReading, 65),
            (.unsupported, 65),
        ] as [(KerfError.Code, Int32)])
    func modelFiles(code: KerfError.Code, status: Int32) {
        let failure = KerfError(KerfError(code, at: "m.gguf", "why"))
        #expect(failure.status.rawValue == status && failure.description == "m.gguf: why")
    }
}
