import ProbeKit
import ProfileFormat
import Testing

struct BoxConditionsTests {
    @Test(
        arguments: [
            (.throttling, BoxConditions(throttleCount: 3), BoxConditions(throttleCount: 4)),
            (.steal, BoxConditions(stealSeconds: 1), BoxConditions(stealSeconds: 1.02)),
            (.otherLoad, BoxConditions(otherProcessSeconds: 5), BoxConditions(otherProcessSeconds: 5.04)),
            (.pageFaults, BoxConditions(majorFaultCount: 7), BoxConditions(majorFaultCount: 8)),
            (.frequency, BoxConditions(frequencyHertz: 2e9), BoxConditions(frequencyHertz: 1.8e9)),
            (.temperature, BoxConditions(celsius: 50), BoxConditions(celsius: 56)),
            (
                .quota, BoxConditions(quotaSeconds: 1),
                BoxConditions(quotaSeconds: 1.004)
            ),
            (.waiting, BoxConditions(runQueueSeconds: 2), BoxConditions(runQueueSeconds: 2.02)),
            (
                .switches, BoxConditions(involuntarySwitchCount: 5),
                BoxConditions(involuntarySwitchCount: 30)
            ),
        ] as [(Disturbance, BoxConditions, BoxConditions)])
    func eachDisturbsAWindowByName(reason: Disturbance, start: BoxConditions, end: BoxConditions) {
        #expect(BoxConditions.disturbance(from: start, to: end, seconds: 0.05, hasRunUp: true) == reason)
        #expect(BoxConditions.disturbance(from: start, to: start, seconds: 0.05, hasRunUp: true) == nil)
        // A condition that is unknown before or after is not checked.
        #expect(BoxConditions.disturbance(from: BoxConditions(), to: end, seconds: 0.05, hasRunUp: true) == nil)
    }

    /// What an undisturbed box does too: a timer's interrupt, a kernel thread, a period that ends in the quota's last
    /// microseconds.
    @Test(arguments: [0.05, 1.0])
    func littleIsNoDisturbance(seconds: Double) {
        let start = BoxConditions(quotaSeconds: 1, runQueueSeconds: 2, involuntarySwitchCount: 5)
        let end = BoxConditions(quotaSeconds: 1.0015, runQueueSeconds: 2.008, involuntarySwitchCount: 2000)
        // The time that threads waited tells more than how often they were interrupted.
        #expect(BoxConditions.disturbance(from: start, to: end, seconds: seconds) == nil)
        // A thread that has ended takes its time with it.
        let fewer = BoxConditions(quotaSeconds: 1, runQueueSeconds: 0.5, involuntarySwitchCount: 5)
        #expect(BoxConditions.disturbance(from: start, to: fewer, seconds: seconds) == nil)
    }

    @Test func theCauseIsNamedAndNotItsEffect() {
        let start = BoxConditions(otherProcessSeconds: 0, quotaSeconds: 0, runQueueSeconds: 0)
        let throttled = BoxConditions(otherProcessSeconds: 0, quotaSeconds: 0.4, runQueueSeconds: 0.4)
        #expect(BoxConditions.disturbance(from: start, to: throttled, seconds: 1) == .quota)
        let loaded = BoxConditions(otherProcessSeconds: 0.5, quotaSeconds: 0, runQueueSeconds: 0.4)
        #expect(BoxConditions.disturbance(from: start, to: loaded, seconds: 1) == .otherLoad)
    }

    @Test func loadingAndColdStartsAreNotDisturbances() {
        let start = BoxConditions(frequencyHertz: 1e9, majorFaultCount: 1)
        let end = BoxConditions(frequencyHertz: 2e9, majorFaultCount: 9)
        #expect(BoxConditions.disturbance(from: start, to: end, seconds: 1, hasLoads: true) == nil)
    }
}
