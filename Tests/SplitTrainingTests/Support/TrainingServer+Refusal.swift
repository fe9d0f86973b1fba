import SystemIO
import Testing

@testable import SplitTraining

extension TrainingServer {
    /// Serves a device that sends these messages and leaves.
    ///
    /// - Returns: why the server ended the connection, in one line; nil where it ended in order.
    func refusal(of messages: [Control.OneOf_Kind], device: String) async throws -> KerfError? {
        let (deviceEnd, serverEnd) = MemoryMessageChannel.pair()
        for message in messages { try await deviceEnd.send(message) }
        deviceEnd.close()
        return try await refusal(on: serverEnd, device: device)
    }

    /// Serves a connection whose device has sent all that it sends.
    ///
    /// - Returns: as ``refusal(of:device:)``.
    func refusal(on channel: any MessageChannel, device: String) async throws -> KerfError? {
        do {
            try await serve(channel, device: device)
            return nil
        } catch let error as KerfError {
            #expect(!error.description.contains { $0.isNewline })
            return error
        }
    }
}
