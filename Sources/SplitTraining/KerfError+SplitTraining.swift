import SwiftProtobuf
import SystemIO

extension KerfError.Code {
    /// The other side broke the protocol.
    package static let protocolViolation = KerfError.Code("protocol_violation", .badData)
    /// The two sides do not train the same.
    package static let mismatch = KerfError.Code("mismatch", .badData)
    /// The server refused a request or gave up a turn.
    package static let refused = KerfError.Code("refused", .unavailable)
    /// The server is being ended; one that is started again goes on.
    package static let ended = KerfError.Code("server_ended", .inputOutput)
    /// The device does not know of its last turn; after a new greeting it does.
    package static let outdated = KerfError.Code("outdated", .inputOutput)
    /// The other side has been silent for too long.
    package static let silent = KerfError.Code("silent", .inputOutput)
}

extension KerfError {
    /// The error that the other side reported. Its text is foreign: control characters are replaced.
    init(_ failure: Kerf_Split_V1_Failure) {
        let known: [KerfError.Code] = [
            .mismatch, .protocolViolation, .silent, .ioError, .refused, .invalidArgument,
            .outdated, .unavailable, .ended,
        ]
        let code = known.first { $0.name == failure.code } ?? .refused
        self.init(
            code, "the server says: " + PlainText.shown(failure.message, limit: 500),
            remedy: failure.remedy.isEmpty ? nil : .text(PlainText.shown(failure.remedy, limit: 500)))
    }

    /// What is reported of an error to the other side.
    var failure: Kerf_Split_V1_Failure {
        .with {
            $0.code = code.name
            $0.message = (location.map { "\($0): " } ?? "") + message
            $0.remedy = remedy?.description ?? ""
        }
    }
}
