import ProbeKit
import ProfileFormat

/// Finds the other processes on this box that use the processors.
///
/// A process is named as soon as it is among the largest, since it may have ended when the run does.
package final class HostProcessMonitor: ProcessMonitor {
    private let reader: ProcessReader
    private var loads = ProcessLoads()
    private var commands: [ProcessSample.Identity: String] = [:]

    package init(_ reader: ProcessReader) { self.reader = reader }

    package func sample() {
        guard let uptime = reader.uptimeSeconds() else { return }
        let samples = reader.samples(atUptime: uptime)
        loads.add(samples, atSeconds: uptime)
        for load in loads.largest(Disturbances.maximumProcesses) where commands[load.process] == nil {
            guard let process = samples.first(where: { $0.identity == load.process }) else { continue }
            commands[load.process] = reader.command(of: process)
        }
    }

    package func largest(_ count: Int) -> [OtherProcess] {
        loads.largest(count).map { load in
            OtherProcess(
                command: commands[load.process] ?? "process \(load.process.number)", processors: load.processors,
                cpuSeconds: load.cpuSeconds)
        }
    }
}
