import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import ModelFiles

@Suite struct RegularFileTests {
    @Test(arguments: [
        (Errno.noSuchFileOrDirectory, KerfError.Code.noSuchFile), (.notDirectory, .noSuchFile),
        (.permissionDenied, .permissionDenied), (.notPermitted, .permissionDenied), (.ioError, .ioError),
        (.tooManyOpenFiles, .ioError),
    ])
    func failedCallsHaveDifferentCodes(errno: Errno, code: KerfError.Code) {
        let error = KerfError(errno, doing: "open", at: "m.gguf")
        #expect(error.code == code)
        #expect(error.description.hasPrefix("m.gguf: cannot open: "))
    }

    @Test func pathsThroughAFileAreMissingInput() throws {
        let tree = try FixtureTree()
        try tree.write("file", "")
        let error = #expect(throws: KerfError.self) {
            try RegularFile.contents(of: tree.file("file/below"), limit: 100)
        }
        #expect(error?.code == .noSuchFile)
    }
}
