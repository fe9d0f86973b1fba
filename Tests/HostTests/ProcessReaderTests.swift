import Glibc
import Host
import ProbeKit
import ProfileFormat
import TestSupport
import Testing

@Suite("Other processes")
struct ProcessReaderTests {
    private let tree: FixtureTree
    private let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))

    init() throws { tree = try FixtureTree() }

    /// Times in seconds.
    private func write(
        _ number: Int, _ name: String, parent: Int = 1, flags: Int = 0x40_0000, user: Double, system: Double = 0,
        children: Double = 0, start: Double = 1, command: [String] = []
    ) throws {
        let counts = [user, system, children, 0, 20, 0, 1, 0, start].enumerated().map { place, value in
            "\(Int(place < 4 || place == 8 ? value * ticks : value))"
        }
        try tree.write(
            "proc/\(number)/stat",
            "\(number) (\(name)) S \(parent) 1 1 0 -1 \(flags) 9 0 0 0 \(counts.joined(separator: " ")) 4096 1 18446\n")
        try tree.write("proc/\(number)/cmdline", command.map { $0 + "\0" }.joined())
    }

    @Test("times, age and kernel threads; other directories, damaged files and the run itself are passed over")
    func samples() throws {
        try tree.write("proc/uptime", "100.50 300.00\n")
        try write(10, "a) (b", parent: 3, user: 2, system: 1, children: 4, start: 90.5)
        try write(11, "kworker/0:1", flags: 0x20_8040, user: 1)
        try write(12, "kerf", user: 9)
        try tree.write("proc/13/stat", "13 (cut off) S 1 1")
        try tree.write("proc/14/stat", "garbage")
        try tree.directory("proc/15")
        try tree.write("proc/meminfo", "MemTotal: 1 kB\n")
        let reader = ProcessReader(root: tree.root, leavingOut: [12])
        #expect(reader.uptimeSeconds() == 100.5)
        let found = reader.samples(atUptime: 100.5)
        #expect(found.map(\.identity.number) == [10, 11])
        let first = try #require(found.first)
        #expect(first.name == "a) (b" && first.parent == 3 && !first.isKernelThread)
        #expect(first.ownSeconds == 3 && first.endedChildrenSeconds == 4)
        #expect(abs(first.ageSeconds - 10) < 1e-9)
        #expect(reader.command(of: first) == "a) (b")
        #expect(reader.command(of: found[1]) == "[kworker/0:1]")
    }

    @Test("what a measured program started is left out, and what started it is not")
    func descendants() throws {
        try write(30, "shell", parent: 1, user: 1)
        try write(31, "program", parent: 30, user: 1)
        try write(32, "worker", parent: 31, user: 1)
        try write(33, "its child", parent: 32, user: 1)
        try write(34, "other", parent: 30, user: 1)
        // Numbers that were given again while the files were read.
        try write(35, "ring", parent: 36, user: 1)
        try write(36, "ring", parent: 35, user: 1)
        let reader = ProcessReader(root: tree.root, leavingOut: [31], andDescendantsOf: 31)
        #expect(reader.samples(atUptime: 9).map(\.identity.number).sorted() == [30, 34, 35, 36])
    }

    @Test("the largest are named while they run")
    func monitor() throws {
        let monitor = HostProcessMonitor(ProcessReader(root: tree.root, leavingOut: [1]))
        // Without procfs nobody is found.
        monitor.sample()
        #expect(monitor.largest(3) == [])
        try tree.write("proc/uptime", "10.00 1\n")
        try write(20, "quiet", user: 50)
        monitor.sample()
        try tree.write("proc/uptime", "12.00 1\n")
        try write(21, "python3", user: 1.5, start: 10.5, command: ["/usr/bin/python3", "/home/alice/train.py"])
        monitor.sample()
        try tree.remove("proc/21")
        try tree.write("proc/uptime", "20.00 1\n")
        monitor.sample()
        #expect(monitor.largest(3) == [OtherProcess(command: "python3 train.py", processors: 1, cpuSeconds: 1.5)])
    }

    @Test(
        "a command line is shown without what may be secret",
        arguments: [
            (["/usr/bin/python3", "/home/alice/private/train.py"], "python3 train.py"),
            (["python3", "-u", "train.py", "--epochs=3", "--token=abcdef"], "python3 -u train.py --epochs --token"),
            (["java", "-Xmx4g", "-jar", "app.jar"], "java -X… -jar app.jar"),
            (["mysql", "-u", "root", "-phunter2", "shop"], "mysql -u … -p… …"),
            (["curl", "https://alice:pw@example.org/x"], "curl …"),
            (["sh", "-c", "echo secret; sleep 1"], "sh -c …"),
            (["env", "PASSWORD=hunter2", "PATH=/a/b", "make", "all"], "env …"),
            (["htpasswd", "-bc", "file", "alice", "hunter2"], "htpasswd -bc …"), (["make", "all"], "make all"),
            (["sshpass", "--password", "key.pem"], "sshpass --password …"),
            (["tool", "0123456789abcdef0123456789abcdef"], "tool …"),
            (["sshd: alice [priv]"], "sshd"), (["-bash"], "bash"), ([""], "short"), ([], "short"),
            (["a\u{1B}[2Jb"], "a?[2Jb"), (["stress-ng", "--cpu", "1"], "stress-ng --cpu …"),
        ] as [([String], String)])
    func command(arguments: [String], shown: String) {
        #expect(CommandText.shown(arguments, name: "short") == shown)
    }

    @Test("a long command line is cut")
    func long() {
        let shown = CommandText.shown(["program"] + (1...40).map { "word\($0).py" }, name: "short")
        #expect(shown.hasPrefix("program word1.py word2.py") && shown.count <= 61)
    }

    @Test("processes of the running system can be read")
    func live() {
        let monitor = HostProbe().processMonitor()
        monitor.sample()
        monitor.sample()
        #expect(monitor.largest(3).count <= 3)
    }
}
