import Synchronization
import SystemIO

@testable import SplitTraining

/// A server behind a link of known latency and rates, and the clock that it moves: time passes only while something is
/// sent or received.
final class PlantedLink: FrameChannel, WireClock {
    private struct State {
        var now: Int64 = 0
        var answers: [Frame] = []
        var uploading: UInt64 = 0
    }

    private let state = Mutex(State())
    private let uplinkBitsPerSecond: Double
    private let downlinkBitsPerSecond: Double
    private let oneWayNanoseconds: Double

    init(up: Double, down: Double, oneWaySeconds: Double) {
        uplinkBitsPerSecond = up
        downlinkBitsPerSecond = down
        oneWayNanoseconds = oneWaySeconds * 1e9
    }

    func now() -> Int64 { state.withLock { $0.now } }

    func sleep(until deadline: Int64) async throws { state.withLock { $0.now = max($0.now, deadline) } }

    func send(_ frame: Frame) async throws {
        try state.withLock { state in
            guard frame.kind == .control else {
                state.now += Int64(Double(frame.count) * 8e9 / uplinkBitsPerSecond)
                state.uploading -= UInt64(frame.count)
                return
            }
            let request = try LinkMessage(decoding: frame.payload)
            switch request.operation {
            case .ping: state.answers.append(try Frame(control: LinkMessage(.done).encoded))
            case .upload:
                state.uploading = request.bytes
                state.answers.append(try Frame(control: LinkMessage(.done, bytes: request.bytes).encoded))
            case .download:
                let chunk = [UInt8](repeating: 0, count: Frame.maximumPayload)
                for start in stride(from: 0, to: Int(request.bytes), by: chunk.count) {
                    let count = min(chunk.count, Int(request.bytes) - start)
                    state.answers.append(chunk.withUnsafeBytes { Frame(.chunk, .init(rebasing: $0[..<count])) })
                }
                // The request's way; the data's own latency is the answer's below.
                state.now += Int64(oneWayNanoseconds)
            case .done: throw KerfError(.malformed, "an answer from the device")
            }
            if request.operation == .download { state.now += Int64(oneWayNanoseconds) }
        }
    }

    func receive() async throws -> Frame? {
        state.withLock { state in
            let frame = state.answers.removeFirst()
            if frame.kind == .chunk {
                state.now += Int64(Double(frame.count) * 8e9 / downlinkBitsPerSecond)
            } else {
                state.now += Int64(2 * oneWayNanoseconds)
            }
            return frame
        }
    }
}
