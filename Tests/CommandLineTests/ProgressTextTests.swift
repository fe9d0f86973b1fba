import ProfileFormat
import Profiling
import SystemIO
import Testing
import Workload

@testable import CommandSupport

/// The live line as a pure function of the progress and the terminal's width.
@Suite("Line of progress")
struct ProgressTextTests {
    private var progress: Progress {
        Progress(
            elapsedSeconds: 15, remainingSeconds: 44.2, activity: "measuring", steps: 132, energyWindows: 40,
            intervals: [
                PassPrecision(.power, of: LayerPass(layer: 7, direction: .backward), relativeHalfWidth: 0.0812),
                PassPrecision(.time, of: LayerPass(layer: 3, direction: .forward), relativeHalfWidth: 0.032),
            ],
            disturbances: Disturbances(
                measurementCount: 50, measuredSeconds: 10,
                causes: [DisturbanceCause(cause: .otherLoad, count: 5, seconds: 1.2, otherProcessors: 1)],
                processes: [OtherProcess(command: "python3 train.py", processors: 1.1, cpuSeconds: 2)]))
    }

    @Test("all of it, for a log")
    func whole() {
        #expect(
            ProgressText(progress).whole
                == "measuring, 132 steps, 40 energy windows, widest interval ±8.1 % power of layer 7 backward, "
                + "±3.2 % time of layer 3 forward, disturbed 12 %: python3 train.py, at most 45 s left")
        #expect(
            ProgressText(Progress(elapsedSeconds: 0, remainingSeconds: 0, activity: "idle")).whole
                == "idle, 0 steps, past the budget: a minimum of samples is taken")
    }

    @Test("on a terminal never wider than it, and what matters most stays longest")
    func fitting() {
        let text = ProgressText(progress)
        let inOrder = ["measuring", "s left", "±8.1 %", "disturbed", "132 steps", "[", "40 energy", "±3.2 %"]
        var last = 0
        for columns in 30...260 {
            let line = text.fitting(columns: columns)
            #expect(PlainText.width(of: line) <= columns, "\(columns): \(line)")
            let shown = inOrder.filter { line.contains($0) }
            #expect(shown == Array(inOrder.prefix(shown.count)) && shown.count >= last, "\(columns): \(line)")
            last = shown.count
        }
        #expect(last == inOrder.count)
        for columns in 0..<30 { #expect(PlainText.width(of: text.fitting(columns: columns)) <= columns) }
        #expect(text.fitting(columns: 260) == "[######..................] " + text.whole)
        // A terminal of 80 columns shows what is widest and that something disturbs, one of 120 also what.
        #expect(
            text.fitting(columns: 79)
                == "measuring, ±8.1 % power of layer 7 backward, disturbed 12 %, at most 45 s left")
        #expect(
            text.fitting(columns: 119)
                == "measuring, 132 steps, widest interval ±8.1 % power of layer 7 backward, "
                + "disturbed 12 %: python3 train.py, ≤ 45 s left")
        #expect(text.fitting(columns: 30) == "measuring, at most 45 s left")
        #expect(text.fitting(columns: 5) == "meas…" && text.fitting(columns: 0).isEmpty)
    }

    @Test("a cause without a process has its own name; a quiet run and a rejection that hardly counts have none")
    func disturbances() {
        var state = progress
        state.disturbances?.causes = [DisturbanceCause(cause: .throttling, count: 3, seconds: 0.6)]
        #expect(ProgressText(state).whole.contains("disturbed 6 %: thermal throttling, "))
        state.disturbances?.causes = [DisturbanceCause(cause: .throttling, count: 3, seconds: 0.04)]
        #expect(!ProgressText(state).whole.contains("disturbed"))
        state.disturbances = nil
        #expect(!ProgressText(state).whole.contains("disturbed"))
        state.disturbances = progress.disturbances
        state.disturbances?.processes = [
            OtherProcess(
                command: "evil\u{1B}[2J\u{202E}" + String(repeating: "x", count: 90), processors: 1, cpuSeconds: 1)
        ]
        let text = ProgressText(state).whole
        #expect(text.contains("disturbed 12 %: evil?[2J?xxxx") && PlainText.isPlain(text) && text.contains("…"))
    }
}
