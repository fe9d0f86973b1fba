import ArgumentParser
import Instrumentation
import Profiling
import SplitTraining
import Synchronization
import SystemIO

/// Progress as lines of JSON on standard output, for programs that watch a run.
///
/// A reader that is gone does not end the run: its results are more than its progress. The command fails at its end, as
/// with any output that did not arrive.
package final class ProgressStream: Sendable {
    private struct State {
        var report: ProgressReport
        var isBroken = false
        var hasEnded = false
    }

    private let state: Mutex<State>
    private let start = MonotonicInstant.now()
    private let isOn: Bool
    private let write: @Sendable (String) throws -> Void

    /// - Parameters:
    ///   - isOn: whether anything is written at all.
    ///   - write: takes a line without its end.
    package init(
        command: String, isOn: Bool,
        write: @escaping @Sendable (String) throws -> Void = { try StandardStreams.writeLine($0) }
    ) {
        self.isOn = isOn
        self.write = write
        state = Mutex(
            State(
                report: ProgressReport(
                    command: command, time: currentTimestamp(), elapsedSeconds: 0, phase: "starting")))
    }

    /// Refuses two kinds of output on one stream.
    package static func check(watch: Bool, json: Bool) throws {
        if watch, json { throw ValidationError("--watch and --json both print to standard output; give one of them") }
    }

    package func show(_ progress: Progress, targetRelativeHalfWidth: Double) {
        update {
            $0.phase = progress.activity
            $0.measurement = MeasurementProgress(progress, targetRelativeHalfWidth: targetRelativeHalfWidth)
        }
    }

    package func show(_ event: DeviceSession.Event, plannedSteps: Int) {
        update { report in
            var training = report.training ?? ProgressReport.TrainingState()
            switch event {
            case .queued(let position):
                report.phase = "waiting for \(position == 1 ? "1 other device" : "\(position) other devices")"
            case .turnBegan(let turn, let cut):
                (training.turn, training.cut) = (turn, cut)
                report.phase = "training"
            case .step(let step, let loss, let seconds):
                (training.steps, training.loss, training.stepSeconds) = (step, loss, seconds)
                report.phase = "training"
            case .committed(let steps): (training.steps, training.committedSteps) = (steps, steps)
            case .reconnecting(let reason):
                training.reconnections += 1
                report.phase = "connecting again: \(PlainText.shown(reason))"
            }
            // Where disturbed rounds are repeated, there are more steps than were planned.
            training.plannedSteps = (training.steps ?? 0) > plannedSteps ? nil : plannedSteps
            report.training = training
        }
    }

    /// Runs a command's work; where it fails, the last line says so.
    package func watching<Value>(_ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch {
            finish(RunEnd(error))
            throw error
        }
    }

    /// Writes the last line.
    ///
    /// - Throws: ``KerfError/Code/ioError`` if a line could not be written.
    package func end(_ end: RunEnd) throws(KerfError) {
        finish(end)
        guard !state.withLock({ $0.isBroken }) else {
            throw KerfError(.ioError, "standard output: cannot be written; what was printed is incomplete")
        }
    }

    private func finish(_ end: RunEnd) { update { $0.end = end } }

    private func update(_ change: (inout ProgressReport) -> Void) {
        guard isOn else { return }
        // The lock also keeps lines whole and in their order.
        state.withLock { state in
            guard !state.hasEnded else { return }
            change(&state.report)
            state.report.time = currentTimestamp()
            state.report.elapsedSeconds = MonotonicInstant.now().seconds(since: start)
            state.hasEnded = state.report.end != nil
            guard !state.isBroken else { return }
            do { try write(try KerfJSON.line(of: state.report)) } catch { state.isBroken = true }
        }
    }
}
