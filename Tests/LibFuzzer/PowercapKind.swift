import ProbeKit
import ProfileFormat
import RAPL
import Statistics
import SystemIO
import TestSupport

/// Trees of files in the place of powercap: everything that the probe reports, and two readings of its meter.
struct PowercapKind: InputKind {
    let name = "powercap"

    func seeds() -> [[UInt8]] {
        [
            // A client, its second reading a little further; its zones as links into the device tree.
            TreeBytes.encoded(
                [
                    "/sys/devices/virtual/powercap/intel-rapl/intel-rapl:0/name": "package-0\n",
                    "/sys/devices/virtual/powercap/intel-rapl/intel-rapl:0/energy_uj": "262143328850\n",
                    "/sys/devices/virtual/powercap/intel-rapl/intel-rapl:0/max_energy_range_uj": "262143328850\n",
                    "/sys/devices/virtual/powercap/intel-rapl/intel-rapl:0/constraint_0_name": "long_term\n",
                    "/sys/devices/virtual/powercap/intel-rapl/intel-rapl:0/constraint_0_max_power_uw": "15000000\n",
                    "/sys/devices/virtual/powercap/intel-rapl/intel-rapl:0/intel-rapl:0:0/name": "core\n",
                    "/sys/devices/virtual/powercap/intel-rapl/intel-rapl:0/intel-rapl:0:0/energy_uj": "600\n",
                    "/sys/devices/virtual/powercap/intel-rapl/intel-rapl:0/energy_uj": "7\n",
                ],
                links: [
                    "intel-rapl": "/sys/devices/virtual/powercap/intel-rapl",
                    "intel-rapl:0": "/sys/devices/virtual/powercap/intel-rapl/intel-rapl:0",
                    "intel-rapl:0:0": "/sys/devices/virtual/powercap/intel-rapl/intel-rapl:0/intel-rapl:0:0",
                ]),
            // A server: two sockets with memory, one of them in two dies that show one counter.
            TreeBytes.encoded([
                "intel-rapl:0/name": "package-0-die-0\n", "intel-rapl:0/energy_uj": "65532610987\n",
                "intel-rapl:1/name": "package-0-die-1\n", "intel-rapl:1/energy_uj": "65532610990\n",
                "intel-rapl:2/name": "package-1\n", "intel-rapl:2/energy_uj": "11\n",
                "intel-rapl:2:0/name": "dram\n", "intel-rapl:2:0/energy_uj": "5\n",
            ]),
            // The same package by registers and by MMIO, a platform, and another control type.
            TreeBytes.encoded([
                "intel-rapl:0/name": "package-0\n", "intel-rapl:0/energy_uj": "1000000\n",
                "intel-rapl-mmio:0/name": "package-0\n", "intel-rapl-mmio:0/energy_uj": "1000050\n",
                "intel-rapl:1/name": "psys\n", "intel-rapl:1/energy_uj": "2000000\n", "dtpm/enabled": "1\n",
            ]),
            // Links that an archive made into small files; a counter that cannot be read; a virtual board's marker.
            TreeBytes.encoded([
                "intel-rapl:0": "../../devices/rapl", "/sys/devices/rapl/name": "package-0\n",
                "/sys/devices/rapl/energy_uj/": "", "/kerf/board.json": "{}",
            ]),
        ]
    }

    func words() -> Set<String> {
        [
            "intel-rapl", "intel-rapl:0", "intel-rapl:1", ":0", ":1:0", "intel-rapl-mmio:0", "intel-rapl-tpmi:0",
            "dtpm",
            "/name", "/energy_uj", "/max_energy_range_uj", "/constraint_0_name", "/constraint_0_max_power_uw",
            "package-0", "package-0-die-1", "package-1", "core", "uncore", "dram", "psys", "long_term", "peak_power",
            "18446744073709551615", "18446744073709551616", "262143328850", "../", "/kerf/board.json",
            "/proc/cpuinfo", "GenuineIntel", "hypervisor",
        ]
    }

    func attempt(_ bytes: [UInt8]) throws {
        let plan = TreeBytes(bytes)
        let box = try plan.make()
        let probe = RAPLProbe(root: box.root)
        if let broken = probe.tree().brokenRule { fatalError(broken) }
        Finding.checkReport("\(probe.availability())")
        for failure in probe.readings().failures { Finding.watch { throw failure } }
        _ = probe.ratedPowerWatts()
        let meter = try probe.meter()
        let start = try meter.read()
        plan.change(box)
        let end = try meter.read()
        let total = meter.total(of: try meter.joules(from: start, to: end))
        Finding.require(plan.changesLater || total == 0, "\(total) J where no counter changed")
        Finding.require(total >= 0 && total.isFinite, "a total of \(total) J")
    }
}
