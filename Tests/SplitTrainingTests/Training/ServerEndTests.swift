import SystemIO
import Testing

@testable import SplitTraining

/// A server that ends is no reason for a device to give up; a device that took its own place is.
@Suite("What a device is told of its server's end") struct ServerEndTests {
    @Test func aServerThatIsEndedMayBeTriedAgain() {
        let interrupted = TrainingServer.failure(of: KerfError(.interrupted, "interrupted; nothing was written"))
        let told = KerfError(interrupted.failure)
        #expect(told.code == .ended && told.isTransient && told.message.contains("being ended"))
        let replaced = KerfError(TrainingServer.failure(of: CancellationError()).failure)
        #expect(replaced.code == .refused && !replaced.isTransient)
        let mismatch = KerfError(TrainingServer.failure(of: KerfError(.mismatch, "other weights")).failure)
        #expect(mismatch.code == .mismatch && !mismatch.isTransient)
    }
}
