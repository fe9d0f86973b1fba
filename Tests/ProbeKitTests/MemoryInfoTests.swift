import SystemIO
import TestSupport
import Testing

@Suite struct MemoryInfoTests {
    @Test func totalAndAvailableMemory() {
        let memory = MemoryInfo(
            parsing: "MemTotal:       16384 kB\nMemFree: 5 kB\nMemAvailable:    8192 kB\nHugePages_Total:       0\n")
        #expect(memory.totalBytes == 16 << 20 && memory.availableBytes == 8 << 20)
    }

    @Test(arguments: [
        "", "MemTotal: many kB", "MemTotal: -1 kB", "MemTotal: 16", "MemTotal: 9223372036854775807 kB",
        "MemTotalX: 1 kB",
    ])
    func malformedFieldsAreMissing(text: String) {
        #expect(MemoryInfo(parsing: text).totalBytes == nil)
    }

    @Test func aMachineWithoutATotalIsRefused() throws {
        let tree = try FixtureTree()
        #expect(throws: KerfError.self) { try MemoryInfo(root: tree.root) }
        try tree.write("proc/meminfo", "MemAvailable: 1 kB\n")
        let error = #expect(throws: KerfError.self) { try MemoryInfo(root: tree.root) }
        #expect(error?.code == .invalidReading)
        try tree.write("proc/meminfo", "MemTotal: 1 kB\n")
        #expect(try MemoryInfo(root: tree.root) == MemoryInfo(parsing: "MemTotal: 1 kB"))
    }
}
