import ProbeKit
import SystemIO
import SystemPackage

/// Reads the processor times and the names of the other processes on the box, as far as procfs shows them.
///
/// Source: Documentation/filesystems/proc.rst, 1.1: `/proc/PID/stat` and `/proc/PID/cmdline`. With the mount option
/// `hidepid` the processes of other users are not there.
package struct ProcessReader: Sendable {
    private let root: SystemRoot
    private let leftOut: Set<Int>
    private let ancestor: Int?

    /// - Parameters:
    ///   - leftOut: the numbers of the processes that measure and are measured.
    ///   - ancestor: one whose children, and theirs, belong to what is measured.
    package init(root: SystemRoot, leavingOut leftOut: Set<Int>, andDescendantsOf ancestor: Int? = nil) {
        self.root = root
        self.leftOut = leftOut
        self.ancestor = ancestor
    }

    /// Seconds since the start of the system; `nil` where procfs does not say.
    package func uptimeSeconds() -> Double? {
        // Without it there is nothing to relate times to, and so no answer.
        guard let text = try? SysfsFile.text(at: root.file("proc/uptime")) else { return nil }
        return text.split(separator: " ").first.flatMap { Double($0) }
    }

    /// All other processes: one read each, some 10 to 20 µs.
    ///
    /// - Parameter uptime: of the moment.
    package func samples(atUptime uptime: Double) -> [ProcessSample] {
        let directory = root.file("proc")
        let all = root.names(in: directory).compactMap { name -> ProcessSample? in
            // A process that ended since the listing has no file.
            guard let number = Int(name), !leftOut.contains(number),
                let text = try? SysfsFile.text(at: directory.appending(name).appending("stat"))
            else { return nil }
            return Self.sample(number: number, text, uptime: uptime)
        }
        guard let ancestor else { return all }
        let parents = Dictionary(all.map { ($0.identity.number, $0.parent) }) { first, _ in first }
        return all.filter { !Self.descends($0.parent, from: ancestor, parents) }
    }

    /// Whether a process is another one or among its descendants, by the listing itself: it is there on every kernel, unlike
    /// what ``WorkerProcesses`` reads. Processes of one listing may not be of one moment, so that the chain could have a ring.
    private static func descends(_ process: Int, from ancestor: Int, _ parents: [Int: Int]) -> Bool {
        var (process, seen): (Int?, Set<Int>) = (process, [])
        while let number = process, seen.insert(number).inserted {
            if number == ancestor { return true }
            process = parents[number]
        }
        return false
    }

    /// The command line without what may be secret; the short name where a process has none, in brackets for a kernel
    /// thread.
    package func command(of process: ProcessSample) -> String {
        guard !process.isKernelThread else { return "[\(PlainText.name(process.name))]" }
        // One that ended, or that another user hides, is known by its short name.
        let path = root.file("proc/\(process.identity.number)/cmdline")
        let text = (try? SysfsFile.text(at: path)) ?? ""
        let arguments = text.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        return CommandText.shown(arguments, name: process.name)
    }

    private static func sample(number: Int, _ text: String, uptime: Double) -> ProcessSample? {
        guard let stat = ProcessStat(text), let parent = stat.parent, let flags: UInt64 = stat.number(9),
            let start: UInt64 = stat.number(22)
        else { return nil }
        let times = (14...17).compactMap { field -> Double? in (stat.number(field) as UInt64?).map { Double($0) } }
        guard times.count == 4 else { return nil }
        let ticks = ProcessorTimes.ticksPerSecond
        return ProcessSample(
            identity: ProcessSample.Identity(number: number, startTicks: start), parent: Int(parent),
            name: stat.name, isKernelThread: flags & kernelThread != 0,
            ownSeconds: (times[0] + times[1]) / ticks, endedChildrenSeconds: (times[2] + times[3]) / ticks,
            ageSeconds: max(0, uptime - Double(start) / ticks))
    }

    /// `PF_KTHREAD` of include/linux/sched.h.
    private static let kernelThread: UInt64 = 0x0020_0000
}
