import CARD
import SystemIO

extension LinkProfile {
    /// Connects to a server and measures the link to it.
    ///
    /// - Parameters:
    ///   - shape: the link that the channel imitates; `nil` for the link as it is.
    ///   - created: gives the time at the end of the measurement, as in a profile.
    /// - Throws: ``KerfError``, as ``FrameClient`` and ``LinkMeasurement`` do.
    package static func measure(
        _ server: HostPort, security: ClientSecurity, plan: LinkPlan, shape: LinkShape? = nil,
        settings: WireSettings = WireSettings(), created: @escaping @Sendable () -> String
    ) async throws -> LinkProfile {
        try await FrameClient.connect(to: server, security: security, method: .link, settings: settings) { channel in
            let samples: LinkMeasurement.Samples
            if let shape {
                samples = try await ShapedChannel.with(channel, shape: shape) {
                    try await LinkMeasurement.run(over: $0, plan: plan)
                }
            } else {
                samples = try await LinkMeasurement.run(over: channel, plan: plan)
            }
            return LinkProfile(
                samples, plan: plan, server: server, shape: shape, socket: await channel.socket(), settings: settings,
                created: created())
        }
    }
}
