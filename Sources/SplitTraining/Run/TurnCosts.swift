import CARD
import Instrumentation
import SystemIO

/// What one committed turn took, in the parts of CARD's delay. Times in seconds, for the whole turn.
package struct TurnCosts: Codable, Sendable, Hashable {
    /// Adapters on their way in both directions, and the wall time of all steps. Preparing the layers, evaluations and
    /// the commit are not in it.
    package var delaySeconds: Double
    /// The device's computing within steps.
    package var deviceSeconds: Double
    /// Smashed data and targets on their way.
    package var uplinkSeconds: Double
    /// The server's computing within steps.
    package var serverSeconds: Double
    /// Gradients on their way.
    package var downlinkSeconds: Double
    /// Adapters with their moments, down before the steps and up after them.
    package var adapterSeconds: Double
    /// The delay less the parts above: coding, scheduling, and messages. Below zero where micro-batches overlap.
    package var overheadSeconds: Double
    /// How far the two clocks' difference may be off; it moves time between uplink and downlink.
    package var clockErrorSeconds: Double
    package var device: SideCosts
    /// By the device's clock.
    package var server: SideCosts

    init(_ turn: DeviceSession.Turn) {
        let measurement = turn.measurement
        let (up, down) = (measurement.passages(.up), measurement.passages(.down))
        func seconds(_ content: ObservedTransfer.Content) -> Double {
            (up + down).reduce(0) { $0 + ($1.transfer.content == content ? $1.seconds : 0) }
        }
        let steps = turn.firstStep..<turn.firstStep + turn.stepSeconds.count
        device = SideCosts(measurement.deviceIntervals, steps: steps, measurement.deviceDisturbance)
        device.meterFailure = measurement.deviceMeterFailure
        device.referenceSeconds = measurement.deviceReferenceSeconds
        server = SideCosts(measurement.serverIntervals, steps: steps, measurement.serverDisturbance)
        server.meterFailure = measurement.serverMeterFailure
        server.referenceSeconds = measurement.serverReferenceSeconds
        deviceSeconds = device.computingSeconds
        serverSeconds = server.computingSeconds
        uplinkSeconds = seconds(.smashedData)
        downlinkSeconds = seconds(.gradient)
        adapterSeconds = seconds(.adapters)
        delaySeconds = adapterSeconds + turn.stepSeconds.reduce(0, +)
        overheadSeconds =
            delaySeconds - deviceSeconds - uplinkSeconds - serverSeconds - downlinkSeconds - adapterSeconds
        clockErrorSeconds = Double(measurement.offset.errorNanoseconds) * 1e-9
    }
}

/// What one side did in a turn.
package struct SideCosts: Codable, Sendable, Hashable {
    /// Each step.
    package var steps: [ActivityTotals]
    /// The rest: adapters, evaluations, the commit.
    package var outsideSteps: ActivityTotals
    /// Why the turn is not like others; nil where nothing was seen.
    package var disturbance: String?
    /// Why energies are missing although there is a meter.
    package var meterFailure: String?
    /// Time of a fixed piece of arithmetic, which tells the processor's speed; nil where a frequency does, and in older files.
    package var referenceSeconds: Double?

    init(_ intervals: [ActivityInterval], steps range: Range<Int>, _ disturbance: String?) {
        let byStep = Dictionary(grouping: intervals) { interval in
            interval.step.flatMap { range.contains($0) ? $0 : nil }
        }
        steps = range.map { ActivityTotals(byStep[$0] ?? []) }
        outsideSteps = ActivityTotals(byStep[nil] ?? [])
        self.disturbance = disturbance
    }

    /// Within steps.
    package var computingSeconds: Double { steps.reduce(0) { $0 + $1.computing.seconds } }

    /// Energy of computing within steps, gross; nil without a meter.
    package var computingJoules: Double? {
        let joules: Double? = steps.reduce(0) { sum, step in
            sum.flatMap { sum in step.computing.joules.map { sum + $0 } }
        }
        return joules.map { max(0, $0) }
    }
}
