import CommandSupport
import SplitTraining
import SystemIO

/// What a server prints: one line for each event.
struct ServeLines: Sendable {
    let json: Bool

    private struct Event: Encodable {
        var event: String
        var address: String?
        var device: String?
        var reason: String?
    }

    func listening(host: String, port: Int) {
        let address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        write(Event(event: "listening", address: address), "listening on \(address)")
    }

    func connected(_ peer: WirePeer) {
        write(
            Event(event: "connected", address: peer.address, device: peer.name),
            "\(PlainText.shown(peer.name)) connected from \(peer.address)")
    }

    func ended(_ peer: WirePeer, _ error: (any Error)?) {
        let reason = error.map { ($0 as? KerfError)?.description ?? "\($0)" }
        write(
            Event(event: "ended", address: peer.address, device: peer.name, reason: reason),
            "\(PlainText.shown(peer.name)) left" + (reason.map { ": " + PlainText.shown($0) } ?? ""))
    }

    /// A connection that was not served. Who made it is not known.
    func refused(_ address: String, _ reason: KerfError) {
        write(
            Event(event: "refused", address: address, reason: reason.description),
            "refused \(address): \(PlainText.shown(reason.description))")
    }

    /// - Returns: the text where the event cannot be encoded, which texts alone always can.
    private func line(of event: Event, or text: String) -> String {
        do { return try KerfJSON.line(of: event) } catch { return text }
    }

    private func write(_ event: Event, _ text: String) {
        StandardStreams.printLine(json ? line(of: event, or: text) : text)
    }
}
