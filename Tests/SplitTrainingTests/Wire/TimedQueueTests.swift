import Foundation
import SystemIO
import Testing

@testable import SplitTraining

@Suite("A queue of frames") struct TimedQueueTests {
    /// A connection with many turns must not keep what has gone through it.
    @Test func whatWasTakenIsReleased() async throws {
        let before = try residentBytes()
        let queue = TimedQueue(limitBytes: 4 << 20)
        let chunk = [UInt8](repeating: 7, count: Frame.maximumPayload)
        for time in 0..<600 {
            try await queue.add(chunk.withUnsafeBytes { Frame(.chunk, $0) }, at: Int64(time))
            let taken = try #require(try await queue.take())
            #expect(taken.time == Int64(time) && taken.frame.count == chunk.count)
        }
        // 600 MiB have gone through; other tests of this process take some too.
        #expect(try residentBytes() - before < 300 << 20)
        await queue.finish()
        #expect(try await queue.take() == nil)
    }

    private func residentBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(line.split(separator: " ").compactMap { Int($0) }.first) * 1024
    }
}
