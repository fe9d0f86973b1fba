import Quantities
import SplitTraining
import Validation

extension MeasuredRound {
    /// A turn of a split training as a round of a validation.
    ///
    /// - Returns: nil for a turn of one process.
    package init?(
        _ turn: DeviceSession.Turn, at round: ValidationPlan.Round, speeds: ProfiledSpeeds, deviceMeter: SideMeter,
        serverMeter: SideMeter?
    ) {
        guard let costs = SplitRun.TurnRecord(turn, isSplit: true).costs else { return nil }
        self.init(
            cut: turn.cut, serverHertz: round.point.serverHertz, order: round.order, repetition: round.repetition,
            steps: turn.stepSeconds.count, delaySeconds: costs.delaySeconds, deviceSeconds: costs.deviceSeconds,
            uplinkSeconds: costs.uplinkSeconds, serverSeconds: costs.serverSeconds,
            downlinkSeconds: costs.downlinkSeconds, adapterSeconds: costs.adapterSeconds,
            deviceJoules: costs.device.joules(by: deviceMeter),
            serverJoules: serverMeter.flatMap { costs.server.joules(by: $0) },
            deviceIdleWatts: deviceMeter.idleWatts, serverIdleWatts: serverMeter?.idleWatts,
            deviceReferenceSeconds: costs.device.referenceSeconds,
            serverReferenceSeconds: costs.server.referenceSeconds, rejection: speeds.rejection(of: costs))
    }
}

extension SideCosts {
    /// Energy of computing; 0 of a metered side that computed nothing, nil without a meter.
    fileprivate func joules(by meter: SideMeter) -> Double? {
        meter.name == nil ? nil : computingSeconds == 0 ? 0 : computingJoules
    }
}

extension RoundConditions {
    /// - Parameter shape: of the link; nil for the link as it is.
    package init(shape: String?, deviceMeter: SideMeter, serverMeter: SideMeter?) {
        self.init(
            linkShape: shape, device: MeteredSide(deviceMeter),
            server: serverMeter.map(MeteredSide.init) ?? MeteredSide(energyOrigin: .unavailable))
    }
}

extension RoundConditions.MeteredSide {
    fileprivate init(_ meter: SideMeter) {
        self.init(energyOrigin: meter.origin, virtualBoard: meter.origin == .simulated ? meter.name : nil)
    }
}
