import ProbeKit
import ProfileFormat
import Testing

struct BoxConditionsTests {
    @Test(
        arguments: [
            (.throttling, BoxConditions(throttleCount: 3), BoxConditions(throttleCount: 4)),
            (
                .hotplug, BoxConditions(onlineProcessors: OnlineProcessors(list: "0-1")),
                BoxConditions(onlineProcessors: OnlineProcessors(list: "0"))
            ),
            (
                .hotplug, BoxConditions(onlineProcessors: OnlineProcessors(list: "0-1")),
                BoxConditions(onlineProcessors: OnlineProcessors(list: "0-1", isChanging: true))
            ),
            (.steal, BoxConditions(stealSeconds: 1), BoxConditions(stealSeconds: 1.02)),
            (.otherLoad, BoxConditions(otherProcessSeconds: 5), BoxConditions(otherProcessSeconds: 5.04)),
            (.pageFaults, BoxConditions(majorFaultCount: 7), BoxConditions(majorFaultCount: 8)),
            (.frequency, BoxConditions(frequencyHertz: 2e9), BoxConditions(frequencyHertz: 1.8e9)),
            (.speed, BoxConditions(referenceSeconds: 1e-3), BoxConditions(referenceSeconds: 1.12e-3)),
            (.speed, BoxConditions(referenceSeconds: 1.12e-3), BoxConditions(referenceSeconds: 1e-3)),
            (.temperature, BoxConditions(celsius: 50), BoxConditions(celsius: 56)),
            (
                .quota, BoxConditions(quotaSeconds: 1),
                BoxConditions(quotaSeconds: 1.004)
            ),
            (.waiting, BoxConditions(waitSeconds: ["1": 2]), BoxConditions(waitSeconds: ["1": 2.02])),
            (
                .switches, BoxConditions(involuntarySwitchCounts: ["1": 5]),
                BoxConditions(involuntarySwitchCounts: ["1": 30])
            ),
        ] as [(Disturbance, BoxConditions, BoxConditions)])
    func eachDisturbsAWindowByName(reason: Disturbance, start: BoxConditions, end: BoxConditions) {
        #expect(BoxConditions.disturbance(from: start, to: end, seconds: 0.05, hasRunUp: true) == reason)
        #expect(BoxConditions.disturbance(from: start, to: start, seconds: 0.05, hasRunUp: true) == nil)
        // A condition that is unknown before or after is not checked.
        #expect(BoxConditions.disturbance(from: BoxConditions(), to: end, seconds: 0.05, hasRunUp: true) == nil)
    }

    /// Where the model is cut decides how warm each side gets.
    @Test func aTurnsOwnHeatDoesNotDisturbIt() {
        let (cool, warm) = (BoxConditions(celsius: 40), BoxConditions(celsius: 70))
        #expect(BoxConditions.turnDisturbance(from: cool, to: warm, seconds: 30) == nil)
        #expect(BoxConditions.turnDisturbance(from: warm, to: cool, seconds: 30) == nil)
        let slow = BoxConditions(celsius: 70, referenceSeconds: 1.2e-3)
        let fast = BoxConditions(celsius: 40, referenceSeconds: 1e-3)
        #expect(BoxConditions.turnDisturbance(from: fast, to: slow, seconds: 30) == .speed)
    }

    /// What an undisturbed box does too: a timer's interrupt, a kernel thread, a period that ends in the quota's last
    /// microseconds.
    @Test(arguments: [0.05, 1.0])
    func littleIsNoDisturbance(seconds: Double) {
        let start = BoxConditions(
            quotaSeconds: 1, waitSeconds: ["1": 2], involuntarySwitchCounts: ["1": 5], referenceSeconds: 1e-3)
        let end = BoxConditions(
            quotaSeconds: 1.0015, waitSeconds: ["1": 2.008], involuntarySwitchCounts: ["1": 2000],
            referenceSeconds: 1.07e-3)
        // The time that threads waited tells more than how often they were interrupted.
        #expect(BoxConditions.disturbance(from: start, to: end, seconds: seconds) == nil)
        // A thread that has ended takes its time with it, and its number may be given to another one.
        let fewer = BoxConditions(
            quotaSeconds: 1, waitSeconds: ["1": 0.001, "2": 0.002], involuntarySwitchCounts: ["1": 5])
        #expect(BoxConditions.disturbance(from: start, to: fewer, seconds: seconds) == nil)
    }

    /// A quiet box makes each thread wait a little, so that the sum over many says nothing; one thread that waits makes the
    /// others wait for it, however many there are.
    @Test(arguments: [1, 2, 16])
    func theLimitOfWaitsDoesNotDependOnTheNumberOfThreads(count: Int) {
        let threads = (1...count).map { "\($0)" }
        func waits(_ seconds: Double, last: Double) -> BoxConditions {
            var waits = Dictionary(uniqueKeysWithValues: threads.map { ($0, 3 + seconds) })
            waits["\(count)"] = 3 + last
            return BoxConditions(waitSeconds: waits)
        }
        func switches(_ number: Int, last: Int) -> BoxConditions {
            var switches = Dictionary(uniqueKeysWithValues: threads.map { ($0, 7 + number) })
            switches["\(count)"] = 7 + last
            return BoxConditions(involuntarySwitchCounts: switches)
        }
        func reason(_ start: BoxConditions, _ end: BoxConditions) -> Disturbance? {
            BoxConditions.disturbance(from: start, to: end, seconds: 1)
        }
        #expect(reason(waits(0, last: 0), waits(0.09, last: 0.09)) == nil)
        #expect(reason(waits(0, last: 0), waits(0, last: 0.11)) == .waiting)
        #expect(reason(switches(0, last: 0), switches(90, last: 90)) == nil)
        #expect(reason(switches(0, last: 0), switches(0, last: 110)) == .switches)
        // A thread that began in the window waited in it.
        #expect(reason(BoxConditions(waitSeconds: ["0": 1]), waits(0, last: 0)) == .waiting)
    }

    @Test func waitsAreKeptAsASum() {
        let waits = ["1": 0.25, "2": 0.5]
        #expect(BoxConditions(waitSeconds: waits).runQueueSeconds == 0.75)
        #expect(BoxConditions().runQueueSeconds == nil)
    }

    @Test func theCauseIsNamedAndNotItsEffect() {
        let start = BoxConditions(otherProcessSeconds: 0, quotaSeconds: 0, waitSeconds: ["1": 0])
        let throttled = BoxConditions(otherProcessSeconds: 0, quotaSeconds: 0.4, waitSeconds: ["1": 0.4])
        #expect(BoxConditions.disturbance(from: start, to: throttled, seconds: 1) == .quota)
        let loaded = BoxConditions(otherProcessSeconds: 0.5, quotaSeconds: 0, waitSeconds: ["1": 0.4])
        #expect(BoxConditions.disturbance(from: start, to: loaded, seconds: 1) == .otherLoad)
    }

    @Test func loadingAndColdStartsAreNotDisturbances() {
        let start = BoxConditions(frequencyHertz: 1e9, majorFaultCount: 1)
        let end = BoxConditions(frequencyHertz: 2e9, majorFaultCount: 9)
        #expect(BoxConditions.disturbance(from: start, to: end, seconds: 1, hasLoads: true) == nil)
    }
}
