import ProbeKit
import Testing

struct BoxConditionsTests {
    @Test(arguments: [
        ("thermal throttling", BoxConditions(throttleCount: 3), BoxConditions(throttleCount: 4)),
        ("steal time", BoxConditions(stealSeconds: 1), BoxConditions(stealSeconds: 1.02)),
        ("load from other processes", BoxConditions(otherProcessSeconds: 5), BoxConditions(otherProcessSeconds: 5.04)),
        ("major page faults", BoxConditions(majorFaultCount: 7), BoxConditions(majorFaultCount: 8)),
        ("frequency change", BoxConditions(frequencyHertz: 2e9), BoxConditions(frequencyHertz: 1.8e9)),
        ("temperature drift", BoxConditions(celsius: 50), BoxConditions(celsius: 56)),
    ])
    func eachDisturbsAWindowByName(reason: String, start: BoxConditions, end: BoxConditions) {
        #expect(BoxConditions.disturbance(from: start, to: end, seconds: 0.05, hasRunUp: true) == reason)
        #expect(BoxConditions.disturbance(from: start, to: start, seconds: 0.05, hasRunUp: true) == nil)
        // A condition that is unknown before or after is not checked.
        #expect(BoxConditions.disturbance(from: BoxConditions(), to: end, seconds: 0.05, hasRunUp: true) == nil)
    }

    @Test func loadingAndColdStartsAreNotDisturbances() {
        let start = BoxConditions(frequencyHertz: 1e9, majorFaultCount: 1)
        let end = BoxConditions(frequencyHertz: 2e9, majorFaultCount: 9)
        #expect(BoxConditions.disturbance(from: start, to: end, seconds: 1, hasLoads: true) == nil)
    }
}
