import Glibc
import SystemIO
import SystemPackage
import TestSupport
import Testing

@Suite struct SystemCallTests {
    /// A call that fails with given error numbers, one after the other, and then returns 7.
    private final class ScriptedCall {
        var errors: [Int32]
        var count = 0

        init(_ errors: [Int32]) { self.errors = errors }

        func callAsFunction() -> Int32 {
            count += 1
            guard !errors.isEmpty else { return 7 }
            errno = errors.removeFirst()
            return -1
        }
    }

    @Test func interruptedCallsAreMadeAgain() throws {
        let call = ScriptedCall([EINTR, EINTR])
        #expect(try valueOrErrno { call() } == 7)
        #expect(call.count == 3)
    }

    @Test func otherErrorsAreThrown() {
        let call = ScriptedCall([EINTR, EBADF])
        #expect(throws: Errno.badFileDescriptor) { try valueOrErrno { call() } }
        let once = ScriptedCall([EINTR])
        #expect(throws: Errno.interrupted) { try valueOrErrno(retryOnInterrupt: false) { once() } }
    }

    /// The file is longer than a chunk; limits before, at and beyond its end.
    @Test(arguments: [(0, false), (65_537, false), (159_999, false), (160_000, true), (200_000, true)])
    func readsAreBounded(limit: Int, isComplete: Bool) throws {
        let bytes = (0..<160_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let tree = try FixtureTree()
        try tree.write("long", bytes: bytes)
        let descriptor = try FileDescriptor.open(tree.file("long"), .readOnly)
        let found = try descriptor.closeAfter { try BoundedRead(descriptor, limit: limit) }
        #expect(found.isComplete == isComplete)
        #expect(found.bytes == Array(bytes.prefix(limit)))
    }

    @Test func readsOfAPipeAreJoined() throws {
        let pipe = try FileDescriptor.pipe()
        _ = try pipe.writeEnd.closeAfter { try pipe.writeEnd.writeAll(Array("abcdef".utf8)) }
        var reads = 0
        let found = try pipe.readEnd.closeAfter {
            try BoundedRead(limit: 6) { buffer, _ in
                reads += 1
                return try pipe.readEnd.read(into: .init(rebasing: buffer[..<2]))
            }
        }
        #expect(found.bytes == Array("abcdef".utf8) && found.isComplete && reads == 4)
    }
}
