import ModelFiles
import Testing
import TransformerKernels

@testable import kerf

/// What kind of failure ends with which number.
struct ExitStatusTests {
    @Test(
        arguments: [
            (KernelError.Code.outOfMemory, 71), (.engine, 69), (.impossibleShape, 65), (.badToken, 65), (.notReady, 1),
        ] as [(KernelError.Code, Int32)])
    func kernels(code: KernelError.Code, status: Int32) {
        let failure = KerfFailure(KernelError(code, "why", remedy: "do"))
        #expect(failure.status.rawValue == status && failure.description == "why; do")
    }

    @Test(
        arguments: [
            (ModelFileError.Code.unreadable, 66), (.forbidden, 77), (.failed, 74), (.malformed, 65), (.unsupported, 65),
        ] as [(ModelFileError.Code, Int32)])
    func modelFiles(code: ModelFileError.Code, status: Int32) {
        let failure = KerfFailure(ModelFileError(code, file: "m.gguf", "why"))
        #expect(failure.status.rawValue == status && failure.description == "m.gguf: why")
    }
}
