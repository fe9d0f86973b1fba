import CARD

/// The terms of measured rounds, energies in the account of the prediction.
struct RoundTerms: Sendable {
    let serverAccount: EnergyAccount
    let deviceAccount: EnergyAccount

    /// The term's value in a round; `nil` for an energy that was not metered, or net without an idle power.
    func value(_ term: Term, of round: MeasuredRound) -> Double? {
        switch term {
        case .delay: round.delaySeconds
        case .device: round.deviceSeconds
        case .uplink: round.uplinkSeconds
        case .server: round.serverSeconds
        case .downlink: round.downlinkSeconds
        case .adapters: round.adapterSeconds
        case .overhead: round.overheadSeconds
        case .serverEnergy:
            Self.joules(round.serverJoules, round.serverIdleWatts, round.serverSeconds, serverAccount)
        case .deviceEnergy:
            Self.joules(round.deviceJoules, round.deviceIdleWatts, round.deviceSeconds, deviceAccount)
        }
    }

    /// Why a round lacks the energy.
    func reason(_ term: Term, _ round: MeasuredRound) -> String {
        let (side, joules) =
            term == .serverEnergy ? ("server", round.serverJoules) : ("device", round.deviceJoules)
        return joules == nil
            ? "the \(side) had no meter" : "the \(side)'s idle power was not measured, and net energy needs it"
    }

    private static func joules(
        _ gross: Double?, _ idleWatts: Double?, _ seconds: Double, _ account: EnergyAccount
    ) -> Double? {
        guard let gross else { return nil }
        return account == .gross ? gross : idleWatts.map { gross - $0 * seconds }
    }
}
