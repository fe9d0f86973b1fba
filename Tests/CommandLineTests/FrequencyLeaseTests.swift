import CPUFreq
import Foundation
import ProbeKit
import SystemIO
import SystemPackage
import TestSupport
import Testing

/// A frequency lease with its watchdog, which is the built executable.
struct FrequencyLeaseTests {
    private static let executable = FilePath(KerfProcess.executable.path)
    private static let policies = "sys/devices/system/cpu/cpufreq"

    /// A box with a policy that takes limits and one under `userspace`, which takes a speed.
    private func box() throws -> FixtureTree {
        let box = try FixtureTree()
        try box.write(
            under: "\(Self.policies)/policy0",
            [
                "scaling_governor": "schedutil", "scaling_min_freq": "800000", "scaling_max_freq": "2600000",
                "scaling_setspeed": "<unsupported>",
            ])
        try box.write(
            under: "\(Self.policies)/policy4",
            [
                "scaling_governor": "userspace", "scaling_min_freq": "600000", "scaling_max_freq": "1800000",
                "scaling_setspeed": "1200000",
            ])
        return box
    }

    private func settings(_ box: FixtureTree) throws -> [String] {
        try ["policy0", "policy4"].flatMap { policy in
            try ["scaling_min_freq", "scaling_max_freq", "scaling_setspeed"].map {
                try box.text("\(Self.policies)/\(policy)/\($0)").trimmingCharacters(in: .whitespacesAndNewlines)
            }
        }
    }

    private let step = FrequencySetpoint(hertz: 1.4e9, policyHertz: ["policy0": 1.4e9, "policy4": 1e9])
    private let before = ["800000", "2600000", "<unsupported>", "600000", "1800000", "1200000"]
    private let during = ["1400000", "1400000", "<unsupported>", "600000", "1800000", "1000000"]

    @Test func setsEachPolicyItsOwnWayAndGivesEverythingBack() throws {
        let box = try box()
        let lease = try FrequencyLease(root: box.root, executable: Self.executable)
        try lease.set(step)
        #expect(try settings(box) == during)
        try lease.release()
        #expect(try settings(box) == before)
        // Nothing is left, and the next one may come.
        #expect(CPUFreqProbe(root: box.root).leftover() == nil)
        #expect(throws: KerfError.self) { try lease.set(step) }
        #expect(try settings(box) == before, "a lease that was given back changes nothing")
        try FrequencyLease(root: box.root, executable: Self.executable).release()
    }

    /// Off line from the start and in the middle; directories stand for attributes that cannot be read or written.
    @Test func policiesOffLineArePassedOver() throws {
        let box = try box()
        try box.write("\(Self.policies)/policy8/affected_cpus", "\n")
        for limit in ["scaling_min_freq", "scaling_max_freq"] { try box.directory("\(Self.policies)/policy8/\(limit)") }
        let lease = try FrequencyLease(root: box.root, executable: Self.executable)
        #expect(lease.policies.map(\.name) == ["policy0", "policy4"])
        try lease.set(step)
        try box.write("\(Self.policies)/policy4/affected_cpus", "\n")
        for attribute in ["scaling_min_freq", "scaling_max_freq", "scaling_setspeed"] {
            try box.remove("\(Self.policies)/policy4/\(attribute)")
            try box.directory("\(Self.policies)/policy4/\(attribute)")
        }
        try lease.set(step)
        // It would come back with the sweep's limits, so that the record stays.
        let error = #expect(throws: KerfError.self) { try lease.release() }
        #expect(error?.description.contains("offline") == true)
        #expect(try box.text("\(Self.policies)/policy0/scaling_max_freq") == "2600000\n")
        #expect(CPUFreqProbe(root: box.root).leftover() != nil)

        try box.write("\(Self.policies)/policy4/affected_cpus", "4\n")
        for attribute in ["scaling_min_freq", "scaling_max_freq", "scaling_setspeed"] {
            try box.remove("\(Self.policies)/policy4/\(attribute)")
            try box.write("\(Self.policies)/policy4/\(attribute)", "1\n")
        }
        #expect(try FrequencyLease.restoreLeftover(root: box.root))
        #expect(try settings(box) == before && CPUFreqProbe(root: box.root).leftover() == nil)
    }

    @Test func goingOutOfUseGivesEverythingBack() throws {
        let box = try box()
        do {
            let lease = try FrequencyLease(root: box.root, executable: Self.executable)
            try lease.set(step)
        }
        #expect(try settings(box) == before)
    }

    @Test func twoLeasesAtOnceAreRefused() throws {
        let box = try box()
        let first = try FrequencyLease(root: box.root, executable: Self.executable)
        try first.set(step)
        let error = #expect(throws: KerfError.self) {
            try FrequencyLease(root: box.root, executable: Self.executable)
        }
        #expect(error?.code == .inUse && error?.message.contains("process \(getpid())") == true)
        #expect(CPUFreqProbe(root: box.root).leftover() == nil, "a lease in use is no leftover")
        try first.release()
        #expect(try settings(box) == before)
    }

    @Test func withoutItsWatchdogNothingIsChanged() throws {
        let box = try box()
        // A program that ends at once, as a watchdog that was killed has.
        let lease = try FrequencyLease(root: box.root, executable: "/bin/true")
        let deadline = Date().addingTimeInterval(30)
        var error: KerfError?
        while error == nil, Date() < deadline {
            do throws(KerfError) { try lease.set(step) } catch let failure { error = failure }
            Thread.sleep(forTimeInterval: 0.01)
        }
        #expect(error?.message.contains("watchdog") == true)
        try lease.release()
        #expect(try settings(box) == before)
    }

    @Test func aLeftoverIsReportedAndRestored() throws {
        let box = try box()
        let planted = "kerf-frequency-lease 4000000\nsys/devices/system/cpu/cpufreq/policy0 800000 2600000 -\nend\n"
        try box.write("run/kerf/frequency-lease", planted)
        try box.write("\(Self.policies)/policy0/scaling_max_freq", "1000000\n")
        let doctor = try KerfProcess.run("doctor", "--root", box.path.string)
        #expect(doctor.standardOutput.contains("process 4000000"))
        #expect(doctor.standardOutput.contains("kerf restore-frequency --root \(box.path)"))
        let restored = try KerfProcess.run("restore-frequency", "--root", box.path.string)
        #expect(restored.status == 0, "\(restored.standardError)")
        #expect(try settings(box) == before)
        let again = try KerfProcess.run("restore-frequency", "--root", box.path.string)
        #expect(again.status == 0 && again.standardOutput.contains("nothing to restore"))
        // The next lease restores it too, before it records the current limits.
        try box.write("run/kerf/frequency-lease", planted)
        try box.write("\(Self.policies)/policy0/scaling_max_freq", "1000000\n")
        try FrequencyLease(root: box.root, executable: Self.executable).release()
        #expect(try settings(box) == before)
    }

    /// Killed before they changed anything, or the driver was loaded anew: the record is left, and the limits are its own.
    @Test(arguments: [false, true]) func aLeftoverWhoseLimitsAreInEffectIsNothingToRestore(isGone: Bool) throws {
        let box = try box()
        try box.write(
            "run/kerf/frequency-lease",
            """
            kerf-frequency-lease 4000000
            \(Self.policies)/policy0 800000 2600000 -
            \(Self.policies)/policy4 600000 1800000 1200000
            end

            """)
        if isGone { try box.remove("\(Self.policies)/policy4") }
        #expect(CPUFreqProbe(root: box.root).leftover() == nil)
        let doctor = try KerfProcess.run("doctor", "--root", box.path.string)
        #expect(!doctor.standardOutput.contains("4000000"), "\(doctor.standardOutput)")
        let outcome = try KerfProcess.run("restore-frequency", "--root", box.path.string)
        #expect(outcome.status == 0 && outcome.standardOutput == "nothing to restore\n", "\(outcome)")
        #expect(try box.text("run/kerf/frequency-lease").isEmpty)
        if !isGone { #expect(try settings(box) == before) }
    }

    /// The speed of a policy under `userspace` is a setting like its limits.
    @Test func aLeftoverSpeedIsRestored() throws {
        let box = try box()
        let planted = "kerf-frequency-lease 4000000\n\(Self.policies)/policy4 600000 1800000 1400000\nend\n"
        try box.write("run/kerf/frequency-lease", planted)
        #expect(CPUFreqProbe(root: box.root).leftover() != nil)
        #expect(try FrequencyLease.restoreLeftover(root: box.root))
        #expect(try box.text("\(Self.policies)/policy4/scaling_setspeed") == "1400000\n")
    }

    /// A record that cannot be read may hold limits: "nothing to restore" would be a guess.
    @Test(arguments: [false, true]) func aRecordThatCannotBeReadIsAnError(isDirectory: Bool) throws {
        let box = try box()
        if isDirectory {
            try box.write(under: "run/kerf/frequency-lease", ["inside": "1"])
        } else {
            try box.link("run/kerf/frequency-lease", "../../elsewhere")
        }
        let outcome = try KerfProcess.run("restore-frequency", "--root", box.path.string)
        #expect(outcome.status != 0 && outcome.failureLine?.contains("frequency-lease") == true)
        #expect(!outcome.standardOutput.contains("nothing"), "\(outcome.standardError)")
    }

    private static let damaged = [
        "kerf-frequency-lease 1\n../../victim 800000 1 -\nend\n",
        "kerf-frequency-lease 1\nsys/devices/system/cpu/../../../../victim 800000 1 -\nend\n",
        "kerf-frequency-lease 1\nsys/devices/system/cpu/cpufreq/policy0 low 1 -\nend\n",
    ]

    /// A record can never write to another file. A record with an unusable line is not an empty one: it is kept and reported.
    @Test(arguments: damaged) func damagedRecordsChangeNothingAndAreReported(_ record: String) throws {
        let box = try box()
        try box.write(under: "victim", ["scaling_min_freq": "5", "scaling_max_freq": "6"])
        try box.write("run/kerf/frequency-lease", record)
        #expect(CPUFreqProbe(root: box.root).leftover() != nil)
        let outcome = try KerfProcess.run("restore-frequency", "--root", box.path.string)
        #expect(outcome.status != 0)
        let line = try #require(outcome.failureLine, "\(outcome.standardError)")
        #expect(line.contains("is not a policy's limits") && line.contains("by hand"), "\(line)")
        #expect(try settings(box) == before)
        #expect(try box.text("victim/scaling_min_freq") == "5\n")
        #expect(try box.text("run/kerf/frequency-lease") == record)
        #expect(throws: KerfError.self) { try FrequencyLease(root: box.root, executable: Self.executable) }
    }

    /// The other lines are restored.
    @Test func theRestOfADamagedRecordIsRestored() throws {
        let box = try box()
        let good = "\(Self.policies)/policy0 1000000 1100000 -"
        try box.write("run/kerf/frequency-lease", "kerf-frequency-lease 1\nrubbish\n\(good)\nend\n")
        #expect(try KerfProcess.run("restore-frequency", "--root", box.path.string).status != 0)
        #expect(try box.text("\(Self.policies)/policy0/scaling_max_freq") == "1100000\n")
    }

    /// A record that was cut off belongs to a lease that changed nothing.
    @Test(arguments: [
        "kerf-frequency-lease 1\nsys/devices/system/cpu/cpufreq/policy0 1 1 -\n", "end\n", "\u{0}\u{1}\n\nend",
    ]) func unfinishedRecordsHoldNothing(_ record: String) throws {
        let box = try box()
        try box.write("run/kerf/frequency-lease", record)
        let outcome = try KerfProcess.run("restore-frequency", "--root", box.path.string)
        #expect(outcome.status == 0 && outcome.standardOutput.contains("nothing"))
        #expect(try settings(box) == before)
    }
}
