import MeterProgram
import ProbeKit
import ProfileFormat
import Quantities
import SystemIO

/// A meter program that was tried on this box, for the doctor: what it reports, and how late.
package struct MeterProgramCheck: Codable, Equatable, Sendable {
    package var status: Availability.Status
    package var reason: String
    package var remedy: String?
    /// What the meter holds: `wall`.
    package var domain: String?
    /// Power of the last sample.
    package var watts: Double?
    package var intervalSeconds: Double?
    package var program: MeterProgramDescription?

    /// Starts the program, and loads all processors for some twenty of its samples. A program that is no meter is a finding.
    ///
    /// - Parameters:
    ///   - command: the program and its arguments.
    ///   - words: the text of a remedy.
    /// - Throws: ``KerfError/Code/interrupted``.
    package init(_ command: [String], remedy words: (Remedy) -> String) throws(KerfError) {
        do throws(KerfError) {
            let (meter, description) = try MeterSelection.reported(by: command, origin: .measured)
            defer { (meter as? ProgramMeter)?.stop() }
            status = .present
            reason = description.reason ?? ""
            domain = description.totalOf.first
            watts = (meter as? ProgramMeter)?.series?.entries.last?.watts
            intervalSeconds = description.updateIntervalSeconds.value
            program = description.program
        } catch {
            guard error.code != .interrupted else { throw error }
            let availability = Availability(error)
            (status, reason, remedy) = (availability.status, availability.reason, availability.remedy.map(words))
        }
    }
}
