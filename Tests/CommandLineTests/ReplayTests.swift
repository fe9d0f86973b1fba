import Foundation
import SystemPackage
import TestSupport
import Testing

/// Capture and replay through the built executable: the real libsensors and libpci on a box that is not this one.
struct ReplayTests {
    static let isPermitted: Bool = {
        let unshare = Process()
        unshare.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        unshare.arguments = ["unshare", "--user", "--map-root-user", "--mount", "true"]
        unshare.standardError = FileHandle.nullDevice
        guard (try? unshare.run()) != nil else { return false }
        unshare.waitUntilExit()
        return unshare.terminationStatus == 0
    }()

    /// A client with two sensor chips, RAPL, two frequency policies and two PCI devices; nothing of it is like this box.
    private func client() throws -> FixtureTree {
        let box = try FixtureTree()
        try box.write(
            "proc/cpuinfo",
            "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 142\n"
                + "model name\t: Replayed CPU\nflags\t\t: fpu avx2 fma\n\n")
        try box.write("proc/meminfo", "MemTotal:        4194304 kB\nMemAvailable:    1048576 kB\n")
        try box.write("proc/stat", "cpu  1 2 3 4 5 6 7 8 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n")
        try box.write("proc/loadavg", "0.25 0.50 0.75 1/100 4242\n")
        try box.write("proc/sys/kernel/osrelease", "5.4.0-replayed\n")
        let core = "sys/devices/platform/coretemp.0"
        try box.write(
            under: "\(core)/hwmon/hwmon0",
            ["name": "coretemp", "temp1_input": "57000", "temp1_label": "Package id 0", "temp1_max": "84000"])
        try box.link("\(core)/hwmon/hwmon0/device", "../../../coretemp.0")
        try box.link("\(core)/hwmon/hwmon0/subsystem", "../../../../../class/hwmon")
        try box.link("\(core)/subsystem", "../../../bus/platform")
        try box.link("sys/class/hwmon/hwmon0", "../../devices/platform/coretemp.0/hwmon/hwmon0")
        let card = "sys/devices/pci0000:00/0000:03:00.0"
        try box.write(
            under: "\(card)/hwmon/hwmon1", ["name": "amdgpu", "power1_average": "35125000", "fan1_input": "900"])
        try box.link("\(card)/hwmon/hwmon1/device", "../../../0000:03:00.0")
        try box.link("\(card)/hwmon/hwmon1/subsystem", "../../../../../class/hwmon")
        try box.link("\(card)/subsystem", "../../../bus/pci")
        try box.link("sys/class/hwmon/hwmon1", "../../devices/pci0000:00/0000:03:00.0/hwmon/hwmon1")
        for (address, device, kind) in [("0000:03:00.0", 0x15DD, 0x03), ("0000:04:00.0", 0x1533, 0x02)] {
            let place = "sys/devices/pci0000:00/\(address)"
            var configuration = [UInt8](repeating: 0, count: 64)
            let vendor = kind == 3 ? 0x1002 : 0x8086
            for (offset, value) in [(0, vendor), (2, device), (10, kind << 8)] {
                (configuration[offset], configuration[offset + 1]) = (UInt8(value & 0xFF), UInt8(value >> 8))
            }
            try box.write("\(place)/config", bytes: configuration)
            try box.write(
                under: place,
                [
                    "vendor": "0x" + String(vendor, radix: 16), "device": "0x" + String(device, radix: 16),
                    "class": "0x0\(kind)0000", "irq": "11", "resource": "0x0 0x0 0x0",
                ])
            try box.link("sys/bus/pci/devices/\(address)", "../../../devices/pci0000:00/\(address)")
        }
        for (index, name) in ["package-0", "dram"].enumerated() {
            let zone = "intel-rapl:0" + (index > 0 ? "/intel-rapl:0:0" : "")
            try box.write(
                under: "sys/devices/virtual/powercap/intel-rapl/\(zone)",
                ["name": name, "energy_uj": "123456789", "max_energy_range_uj": "262143328850"])
            let device = index > 0 ? "intel-rapl:0:0" : "intel-rapl:0"
            try box.link("sys/class/powercap/\(device)", "../../devices/virtual/powercap/intel-rapl/\(zone)")
        }
        try box.link("sys/class/powercap/intel-rapl", "../../devices/virtual/powercap/intel-rapl")
        for policy in [0, 1] {
            try box.write(
                under: "sys/devices/system/cpu/cpufreq/policy\(policy)",
                [
                    "affected_cpus": "\(policy)", "scaling_driver": "replayed", "scaling_governor": "powersave",
                    "cpuinfo_min_freq": "400000", "cpuinfo_max_freq": "\(3 - policy)100000",
                    "scaling_min_freq": "400000", "scaling_max_freq": "\(3 - policy)100000",
                    "scaling_cur_freq": "900000",
                ])
        }
        try box.write("sys/devices/system/cpu/online", "0-1\n")
        return box
    }

    private func report(_ outcome: KerfProcess.Outcome) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(outcome.standardOutput.utf8)) as? [String: Any] ?? [:]
    }

    /// One file of an archive, by tar.
    private func unpacked(_ archive: String, _ workspace: Workspace, _ path: String) throws -> String {
        #expect(system("tar -x -O -f '\(archive)' '\(path)' > '\(workspace.path("unpacked"))'") == 0)
        return String(decoding: try workspace.bytes("unpacked"), as: UTF8.self)
    }

    private func capture(_ box: FixtureTree, _ workspace: Workspace) throws -> String {
        let captured = try KerfProcess.run("capture", "--root", box.path.string, "--out", workspace.path("box.tar"))
        try #require(captured.status == 0, "\(captured.standardError)")
        return workspace.path("box.tar")
    }

    @Test(.enabled(if: isPermitted, "this system permits no user namespaces"))
    func theRecordedBoxIsShownByTheRealLibraries() throws {
        let workspace = try Workspace()
        let box = try client()
        let archive = try capture(box, workspace)
        let view = try unpacked(archive, workspace, "kerf/doctor.json")
        #expect(
            view.contains("Replayed CPU") && !view.contains(box.path.string), "the tree's place is nobody's business")
        let replayed = try KerfProcess.run("replay", archive, "--", "doctor", "--json")
        #expect(replayed.status == 0, "\(replayed.standardError)")
        let shown = try report(replayed)
        let probes = try #require(shown["probes"] as? [[String: Any]])
        // Not the reader of our own that reads trees.
        #expect(probes.contains { $0["interface"] as? String == "libsensors" && $0["status"] as? String == "present" })
        let direct = try report(KerfProcess.run("doctor", "--json", "--root", box.path.string))
        for key in ["sensor_chips", "pci_devices"] {
            #expect(shown[key] as? NSObject == direct[key] as? NSObject, "\(key): \(shown[key] ?? "none")")
        }
        // The levels of the ladder tell of the system that runs here: a record has no PMU.
        let energies = try [shown, direct].map { try #require($0["energy"] as? [String: Any]) }
        for key in ["domains", "total_formula", "origin", "meter"] {
            #expect(
                energies[0][key] as? NSObject == energies[1][key] as? NSObject, "\(key): \(energies[0][key] ?? "none")")
        }
        #expect((energies[0]["domains"] as? [Any])?.isEmpty == false)
        #expect((shown["sensor_chips"] as? [Any])?.count == 2 && (shown["pci_devices"] as? [Any])?.count == 2)
        let host = try #require(shown["host"] as? [String: Any])
        #expect(host["cpu_model"] as? String == "Replayed CPU")
        #expect(host["kernel_release"] as? String == "5.4.0-replayed")
        #expect(host["memory_bytes"] as? Int == 4 << 30)
        #expect(host["load_averages"] as? [Double] == [0.25, 0.5, 0.75])
        let policies = try #require(shown["frequency_policies"] as? [[String: Any]])
        #expect(
            policies.count == 2 && policies.allSatisfy { $0["settable"] as? Bool == false }, "nothing can be changed")
    }

    private static let nobody =
        "setpriv --reuid=65534 --regid=65534 --clear-groups '\(KerfProcess.executable.path)'"
    /// Root reads everything, so another user has to record what may not be read.
    private static let canRecordWithoutRights =
        getuid() != 0 || system("\(nobody) --version >/dev/null 2>&1") == 0

    @Test(
        .enabled(if: isPermitted, "this system permits no user namespaces"),
        .enabled(if: canRecordWithoutRights, "needs setpriv, and a build folder that user 65534 may read"))
    func whatTheUserMayNotReadIsForbiddenInTheReplayToo() throws {
        let workspace = try Workspace()
        let box = try client()
        let zone = "sys/devices/virtual/powercap/intel-rapl/intel-rapl:0"
        chmod(box.file("\(zone)/energy_uj").string, 0)
        chmod(box.file("\(zone)/intel-rapl:0:0/energy_uj").string, 0)
        let archive = workspace.path("box.tar")
        if getuid() == 0 {
            chmod(box.path.string, 0o755)
            chmod(workspace.url.path, 0o777)
            #expect(system("chmod -R a+rX '\(box.path)'; chmod 0 $(find '\(box.path)' -name energy_uj)") == 0)
            #expect(system("\(Self.nobody) capture --root '\(box.path)' --out '\(archive)' >/dev/null") == 0)
        } else {
            _ = try capture(box, workspace)
        }
        let listing = try unpacked(archive, workspace, "kerf/capture.json")
        let unreadable = try JSONSerialization.jsonObject(with: Data(listing.utf8)) as? [String: Any]
        let reasons = (unreadable?["unreadable"] as? [[String: String]])?.map { "\($0["path"]!): \($0["reason"]!)" }
        #expect(
            reasons == ["\(zone)/energy_uj: Permission denied", "\(zone)/intel-rapl:0:0/energy_uj: Permission denied"])
        let shown = try report(KerfProcess.run("replay", archive, "--", "doctor", "--json"))
        let probes = try #require(shown["probes"] as? [[String: Any]])
        #expect(probes.contains { $0["name"] as? String == "RAPL" && $0["status"] as? String == "forbidden" })
    }

    @Test(.enabled(if: isPermitted, "this system permits no user namespaces"))
    func theCommandsOwnExitCodeAndErrorsComeThrough() throws {
        let workspace = try Workspace()
        let archive = try capture(client(), workspace)
        let missing = try KerfProcess.run("replay", archive, "--", "calibrate", "no-such.json", "--out", "x.json")
        #expect(missing.status == 66 && missing.failureLine?.contains("no-such.json") == true)
        #expect(try KerfProcess.run("replay", archive, "--", "saw").status == 64)
        // Counters that stand still are no energy.
        let profiled = try KerfProcess.run(
            "replay", archive, "--", "profile", "--model", workspace.tinyModel(), "--budget", "0.3", "--quiet",
            "--require-energy", "--out", workspace.path("profile.json"))
        #expect(profiled.status == 69 && profiled.failureLine != nil, "\(profiled.standardError)")
        #expect(!workspace.exists("profile.json"))
    }

    /// Whoever sends it to the replay means the command, which ends in order.
    @Test(.enabled(if: isPermitted, "this system permits no user namespaces"), arguments: [SIGINT, SIGTERM])
    func aSignalEndsTheCommand(number: Int32) throws {
        let workspace = try Workspace()
        let process = try KerfProcess([
            "replay", try capture(client(), workspace), "--", "profile", "--model", workspace.tinyModel(), "--budget",
            "120", "--target-ci", "0.0001", "--out", workspace.path("profile.json"),
        ])
        let deadline = Date().addingTimeInterval(60)
        while !process.errorSoFar.contains("kerf:"), Date() < deadline { Thread.sleep(forTimeInterval: 0.05) }
        process.send(signal: number)
        let outcome = try process.finish()
        #expect(outcome.status == 130 && outcome.failureLine != nil, "\(outcome.standardError)")
        #expect(!workspace.exists("profile.json"))
    }

    /// A user namespace that permits no further one stands for a system without them.
    @Test(.enabled(if: isPermitted, "this system permits no user namespaces"))
    func withoutNamespacesTheRemedyIsShown() throws {
        let workspace = try Workspace()
        let archive = try capture(client(), workspace)
        let script =
            "echo 0 > /proc/sys/user/max_user_namespaces; exec '\(KerfProcess.executable.path)' replay "
            + "'\(archive)' -- doctor > '\(workspace.path("out"))' 2> '\(workspace.path("err"))'"
        let status = system("unshare --user --map-root-user sh -c \"\(script)\"")
        #expect(status >> 8 == 77)
        let message = String(decoding: try workspace.bytes("err"), as: UTF8.self)
        #expect(message.hasPrefix("kerf: error: this system permits no user namespaces"))
        #expect(message.split(separator: "\n").count == 1 && message.contains("kerf doctor --root DIR"))
    }

    @Test func whatCannotBeReplayedIsReportedInOneLine() throws {
        let workspace = try Workspace()
        let archive = try capture(client(), workspace)
        for (arguments, status, word) in [
            (["replay", workspace.path("missing.tar"), "--", "doctor"], 66, "missing.tar"),
            (["replay", archive], 64, "no command"), (["replay", archive, "--", "replay", archive], 64, "replay"),
            (["replay", try workspace.write("text.tar", "no archive\n"), "--", "doctor"], 65, "text.tar"),
            (["replay-inside", archive, "--", "doctor"], 64, "kerf replay"),
            (["capture", "--out", workspace.path("no/box.tar")], 73, "folder"),
            (["capture", "--root", "/no/such/root", "--out", workspace.path("b.tar")], 66, "/no/such/root"),
            (["capture", "--root", workspace.url.path, "--out", workspace.path("b.tar")], 69, "no box"),
        ] as [([String], Int32, String)] {
            let outcome = try KerfProcess(arguments).finish()
            #expect(outcome.status == status, "\(arguments): \(outcome.standardError)")
            #expect(outcome.failureLine?.contains(word) == true, "\(arguments): \(outcome.standardError)")
        }
        #expect(!workspace.exists("b.tar"))
    }

    /// A board's tree stays labeled: recorded and unpacked it says that it is simulated, and it is not replayed.
    @Test func aRecordedBoardStaysSimulated() throws {
        let workspace = try Workspace()
        let profiled = try KerfProcess.run(
            "profile", "--model", try workspace.tinyModel(), "--budget", "0.2", "--quiet", "--board",
            workspace.path("board"), "--out", workspace.path("profile.json"))
        #expect(profiled.status == 0)
        let captured = try KerfProcess.run(
            "capture", "--root", workspace.path("board"), "--out", workspace.path("box.tar"))
        #expect(captured.status == 0, "\(captured.standardError)")
        try FileManager.default.createDirectory(atPath: workspace.path("copy"), withIntermediateDirectories: true)
        #expect(system("tar -x -f '\(workspace.path("box.tar"))' -C '\(workspace.path("copy"))'") == 0)
        let doctor = try report(KerfProcess.run("doctor", "--json", "--root", workspace.path("copy")))
        #expect(doctor["origin"] as? String == "simulated")
        let refused = try KerfProcess.run("replay", workspace.path("box.tar"), "--", "doctor")
        #expect(refused.status == 65 && refused.failureLine?.contains("virtual board") == true)
    }
}
