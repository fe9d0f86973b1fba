import Foundation
import Testing

/// The manual's meter programs, against devices that answer as the real ones do.
@Suite("Examples of meter programs")
struct MeterExampleTests {
    /// A plug over HTTP and a laboratory meter over TCP; the port is written to a file.
    private static let device = #"""
        import http.server, socketserver, sys

        class Plug(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answers = {
                    "/cm?cmnd=Status%2010": '{"StatusSNS":{"Time":"x","ENERGY":{"Power":42,"Total":1.5}}}',
                    "/rpc/Switch.GetStatus?id=0": '{"id":0,"output":true,"apower":42.5,"aenergy":{"total":99.1}}',
                }
                body = answers.get(self.path, "").encode()
                self.send_response(200 if body else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        class Meter(socketserver.StreamRequestHandler):
            def handle(self):
                for line in self.rfile:
                    answer = {b"*IDN?": b"MAKER,MODEL,1,2", b"MEAS:POW?": b"+4.250000E+01"}[line.strip()]
                    self.wfile.write(answer + b"\n")

        kind = {"plug": (http.server.ThreadingHTTPServer, Plug), "scpi": (socketserver.ThreadingTCPServer, Meter)}[sys.argv[1]]
        server = kind[0](("127.0.0.1", 0), kind[1])
        open(sys.argv[2] + ".new", "w").write(str(server.server_address[1]))
        import os
        os.rename(sys.argv[2] + ".new", sys.argv[2])
        server.serve_forever()
        """#

    /// What the firmware of a Raspberry Pi 5 prints: rails with a current and a voltage, and two that have a voltage only.
    private static let vcgencmd = #"""
        #!/bin/sh
        [ "$*" = pmic_read_adc ] || exit 1
        cat <<END
         3V7_WL_SW_A current(0)=0.10000000A
            DDR_VDD2_A current(4)=0.05000000A
           VDD_CORE_A current(7)=2.00000000A
         3V7_WL_SW_V volt(8)=3.70000000V
            DDR_VDD2_V volt(12)=1.10000000V
           VDD_CORE_V volt(15)=0.80000000V
              EXT5V_V volt(24)=5.10000000V
               BATT_V volt(25)=0.00000000V
        END
        """#

    private func start(
        _ arguments: [String], output: String, environment: [String: String] = [:]
    ) throws -> Process {
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: output + ".err"))
        try process.run()
        return process
    }

    /// By SIGKILL: a child of a test inherits the signals that the test's process blocks. One that stayed would hold the pipes
    /// of other tests open.
    private func end(_ process: Process) {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    private func wait(_ condition: () throws -> Bool) rethrows {
        let deadline = Date().addingTimeInterval(60)
        while try !condition(), Date() < deadline { Thread.sleep(forTimeInterval: 0.02) }
    }

    @Test(arguments: [
        ("wall_plug.py", "plug", ["tasmota", "0.05"], "tasmota plug", 42.0),
        ("wall_plug.py", "plug", ["shelly", "0.05"], "shelly plug", 42.5),
        ("scpi_meter.py", "scpi", ["MEAS:POW?", "0.05"], "MAKER,MODEL,1,2", 42.5),
    ])
    func anExampleWritesWhatKerfReads(
        _ example: String, _ device: String, _ options: [String], _ name: String, _ watts: Double
    ) throws {
        let workspace = try Workspace()
        for name in ["device.err", "lines.err"] { try workspace.write(name, "") }
        let script = try workspace.write("device.py", Self.device)
        let fake = try start([script, device, workspace.path("port")], output: workspace.path("device"))
        defer { end(fake) }
        wait { workspace.exists("port") }
        let port = String(decoding: try workspace.bytes("port"), as: UTF8.self)
        let meter = try start(
            [MeterCommandTests.example(example), "127.0.0.1:\(port)"] + options, output: workspace.path("lines"))
        defer { end(meter) }
        try expectSamples(in: workspace, name: name, domain: "wall", watts: watts)
    }

    @Test func powerControllerOfARaspberryPiIsTheSumOfItsRails() throws {
        let workspace = try Workspace()
        try workspace.write("lines.err", "")
        let command = try workspace.write("vcgencmd", Self.vcgencmd)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: command)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let meter = try start(
            [MeterCommandTests.example("pi_pmic.py"), "0.05"], output: workspace.path("lines"),
            environment: ["PATH": "\(workspace.url.path):\(path)"])
        defer { end(meter) }
        try expectSamples(
            in: workspace, name: "Raspberry Pi PMIC", domain: "pmic", watts: 0.37 + 0.055 + 1.6)
    }

    /// The lines that a meter has written: what it is, and then samples at rising times.
    private func expectSamples(in workspace: Workspace, name: String, domain: String, watts: Double) throws {
        func lines() throws -> [[String: Any]] {
            try String(decoding: workspace.bytes("lines"), as: UTF8.self).split(separator: "\n").dropLast().map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
        }
        try wait { try lines().count >= 4 }
        let (written, errors) = (try lines(), String(decoding: try workspace.bytes("lines.err"), as: UTF8.self))
        try #require(written.count >= 4, "\(errors)")
        #expect(written[0]["name"] as? String == name && written[0]["domain"] as? String == domain)
        let times = written.dropFirst().compactMap { $0["time"] as? Double }
        let powers = written.dropFirst().compactMap { ($0["watts"] as? NSNumber)?.doubleValue }
        #expect(powers.count == written.count - 1 && powers.allSatisfy { abs($0 - watts) < 1e-6 })
        #expect(times.count == written.count - 1 && zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
    }
}
