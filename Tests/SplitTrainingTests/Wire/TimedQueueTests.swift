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

    /// Three tasks hand frames on, and each waits about as often as another wakes it. What happens while a task begins to
    /// wait must wake it.
    @Test func noWakeIsLost() async throws {
        let late = KerfError(.silent, "a side of a queue was not woken")
        let frame = [UInt8(7)].withUnsafeBytes { Frame(.chunk, $0) }
        try await withTimeLimit(seconds: 300, late) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    // Room for one frame each, so that those who add wait too.
                    let (there, back) = (TimedQueue(limitBytes: 0), TimedQueue(limitBytes: 0))
                    group.addTask { try await Self.forward(20_000, from: there, to: back) }
                    group.addTask { for round in 0..<20_000 { try await there.add(frame, at: Int64(round)) } }
                    group.addTask {
                        for round in 0..<20_000 {
                            let taken = try await back.take()
                            #expect(taken?.time == Int64(round))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// A peer that sends many messages of few bytes fills the queue, too.
    @Test func smallFramesCount() async throws {
        let queue = TimedQueue(limitBytes: 1 << 20)
        let frame = Frame(.control, UnsafeRawBufferPointer(start: nil, count: 0))
        for round in 0..<100 { try await queue.add(frame, at: Int64(round)) }
        #expect(await queue.bytes >= 100 * 128)
        for _ in 0..<100 { _ = try await queue.take() }
        #expect(await queue.bytes == 0)
    }

    /// A side that waits ends when its task is cancelled, whenever that is.
    @Test func cancellationWakes() async throws {
        let late = KerfError(.silent, "a cancelled side waits")
        try await withTimeLimit(seconds: 300, late) {
            for round in 0..<5000 {
                let queue = TimedQueue(limitBytes: 0)
                let side = Task { try await queue.take() }
                if round.isMultiple(of: 2) { await Task.yield() }
                side.cancel()
                await #expect(throws: CancellationError.self) { try await side.value }
            }
        }
    }

    private static func forward(_ count: Int, from source: TimedQueue, to target: TimedQueue) async throws {
        for _ in 0..<count {
            guard let next = try await source.take() else { return }
            try await target.add(next.frame, at: next.time)
        }
    }

    private func residentBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(line.split(separator: " ").compactMap { Int($0) }.first) * 1024
    }
}
