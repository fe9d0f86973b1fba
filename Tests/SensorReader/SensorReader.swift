import FoundationEssentials
import LMSensors

/// Prints the running system's chips as JSON, for a test that puts a mock of /sys under this process.
///
/// The chips are surveyed by several tasks at once: libsensors' global state must not mix them up.
@main
struct SensorReader {
    static func main() async throws {
        let survey = LMSensorsProbe().survey()
        let agree = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 { group.addTask { LMSensorsProbe().survey().chips == survey.chips } }
            var agree = true
            for await same in group { agree = agree && same }
            return agree
        }
        guard agree, survey.failures.isEmpty else {
            fatalError("surveys differ or failed: \(survey.failures)")
        }
        print(String(decoding: try JSONEncoder().encode(survey.chips), as: UTF8.self))
    }
}
