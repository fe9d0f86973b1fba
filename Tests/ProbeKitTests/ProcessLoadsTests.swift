import ProbeKit
import Testing

@Suite("Processor time of other processes")
struct ProcessLoadsTests {
    private func process(
        _ number: Int, start: UInt64 = 100, parent: Int = 1, own: Double, children: Double = 0, age: Double = 1000
    ) -> ProcessSample {
        ProcessSample(
            identity: .init(number: number, startTicks: start), parent: parent, name: "p", ownSeconds: own,
            endedChildrenSeconds: children, ageSeconds: age)
    }

    @Test("what was used before the first sample does not count; the largest come first")
    func largest() {
        var loads = ProcessLoads()
        loads.add([process(5, own: 900), process(6, own: 1), process(7, own: 3)], atSeconds: 10)
        #expect(loads.largest(3).isEmpty)
        loads.add([process(5, own: 900), process(6, own: 1.5), process(7, own: 4)], atSeconds: 11)
        loads.add([process(5, own: 900), process(6, own: 2.5), process(7, own: 4)], atSeconds: 12)
        let found = loads.largest(3)
        #expect(found.map(\.process.number) == [6, 7])
        #expect(found.map(\.cpuSeconds) == [1.5, 1])
        // A process is busy in the intervals in which it used a tenth of a processor.
        #expect(found.map(\.processors) == [0.75, 1])
        #expect(loads.largest(1).map(\.process.number) == [6])
    }

    @Test(
        "a process that started between two samples was busy since its start; a number given again is another process")
    func started() {
        var loads = ProcessLoads()
        loads.add([process(5, own: 7)], atSeconds: 10)
        loads.add([process(5, start: 200, own: 0.5, age: 0.5), process(6, start: 150, own: 1, age: 2)], atSeconds: 20)
        #expect(loads.largest(3).map(\.process.number) == [6, 5])
        #expect(loads.largest(3).map(\.processors) == [0.5, 1])
    }

    @Test("what a child used before it ended is its own, the rest is its parent's, and none counts twice")
    func children() {
        var loads = ProcessLoads()
        loads.add([process(2, own: 0)], atSeconds: 0)
        loads.add([process(2, own: 0), process(3, parent: 2, own: 0.75, age: 1)], atSeconds: 1)
        // The child went on for a second; others came and went unseen.
        loads.add([process(2, own: 0, children: 2.25)], atSeconds: 2)
        #expect(loads.largest(3).map(\.cpuSeconds) == [1.75, 0.5])
        #expect(loads.largest(3).map(\.process.number) == [3, 2])
        // A child that nobody waited for is in no parent's time.
        loads.add([process(2, own: 0.5, children: 2.25), process(4, parent: 2, own: 0.25, age: 1)], atSeconds: 3)
        loads.add([process(2, own: 0.5, children: 2.25)], atSeconds: 4)
        #expect(loads.largest(3).map(\.cpuSeconds) == [1.75, 1, 0.25])
    }

    @Test("a child and a grandchild that end at once count once")
    func generations() {
        var loads = ProcessLoads()
        let parent = process(2, own: 0)
        loads.add([parent, process(3, parent: 2, own: 100), process(4, parent: 3, own: 900)], atSeconds: 0)
        loads.add([process(2, own: 0, children: 1000.5)], atSeconds: 1)
        #expect(loads.largest(3).map(\.cpuSeconds) == [0.5])
        #expect(loads.largest(3).map(\.process.number) == [4])
    }

    @Test("samples of one moment say nothing")
    func sameMoment() {
        var loads = ProcessLoads()
        loads.add([process(2, own: 1)], atSeconds: 1)
        loads.add([process(2, own: 2)], atSeconds: 1)
        #expect(loads.largest(3).isEmpty)
    }
}
