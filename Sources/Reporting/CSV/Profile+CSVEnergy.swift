import ProfileFormat
import Quantities
import Workload

/// A profile's energy: windows by domain, counters between layers, and the domains.
extension Profile {
    /// - Parameter windows: of a place, in the order of the file.
    static func windowTable(
        _ name: String, _ row: String, _ places: Places, meter: MeterDescription,
        _ windows: (Profile) -> [EnergyWindow]
    ) -> CSVTable {
        typealias Row = (place: Place, number: Int, window: EnergyWindow, domain: String?)
        var columns = CSVColumns<Row>()
        columns.addVisit(places.isSweep) { $0.place.visit }
        columns.add("window", "Number of the window, from 0") { $0.number }
        columns.add("subject", "What was repeated: step, instrumented_step, layer, or idle") { $0.window.subject }
        columns.addLayer(places.layers) { $0.window.layer }
        columns.add("direction", "forward or backward") { $0.window.direction }
        columns.add("iterations", "How many times the subject ran; 0 for idle") { $0.window.iterations }
        columns.add("start_seconds", "Start of the window, since the start of the run or visit") {
            $0.window.startSeconds
        }
        columns.add("seconds", "Length between two updates of the counters") { $0.window.seconds }
        columns.add("work_seconds", "Time of the subject in it; empty where all of it counts") {
            $0.window.workSeconds
        }
        columns.add("edge_seconds", "Uncertainty of the times of the two updates, summed") { $0.window.edgeSeconds }
        columns.add("polling_seconds", "Length of the polling after the window") { $0.window.pollingSeconds }
        columns.add("cpu_seconds", "Processor time of the run in the work") { $0.window.cpuSeconds }
        columns.add("domain", "Energy domain; empty where the window has none") { $0.domain }
        columns.add("counted", "Whether the domain is part of the box's total") { row in
            row.domain.map { domain in meter.totalOf.contains(domain) }
        }
        columns.add("joules", "Energy of the domain in the window") { row in
            row.domain.flatMap { row.window.joules[$0] }
        }
        columns.add("polling_joules", "Energy of the domain in the polling after it") { row in
            row.domain.flatMap { row.window.pollingJoules?[$0] }
        }
        columns.addOrigin(meter.origin)
        var rows: [Row] = []
        for place in places.all {
            for (number, window) in windows(place.profile).enumerated() {
                let domains = window.joules.keys.sorted()
                for domain in domains { rows.append((place, number, window, domain)) }
                if domains.isEmpty { rows.append((place, number, window, nil)) }
            }
        }
        return columns.table(name, row, of: rows)
    }

    var stepTraceTable: CSVTable {
        typealias Row = (number: Int, trace: StepTrace, place: Int, domain: String)
        let order = LayerPass.inStepOrder(of: layers)
        func pass(_ place: Int) -> LayerPass? { order.indices.contains(place - 1) ? order[place - 1] : nil }
        var columns = CSVColumns<Row>()
        columns.add("trace", "Number of the trace, from 0") { $0.number }
        columns.add("pair", "Pair of bursts that the step belongs to") { $0.trace.pair }
        columns.add("start_seconds", "Start of the step, since the start of the run") { $0.trace.startSeconds }
        columns.add("stale_seconds", "From the counters' last update to the step's start") { $0.trace.staleSeconds }
        columns.add("reading", "Number of the reading in the step; 0 is at its start") { $0.place }
        columns.addPass(layers) { pass($0.place) }
        columns.add("seconds", "Time of the reading, since the step's start; the pass named ended then") {
            $0.trace.seconds[$0.place]
        }
        columns.add("domain", "Energy domain of the box's total") { $0.domain }
        columns.add("joules", "The counter since the step's start; empty where it was not read") { row -> Double? in
            let joules = row.trace.joules[row.domain] ?? []
            return joules.indices.contains(row.place) ? joules[row.place] : nil
        }
        columns.addOrigin(meter.origin)
        var rows: [Row] = []
        for (number, trace) in (stepTraces ?? []).enumerated() {
            for place in trace.seconds.indices {
                for domain in trace.joules.keys.sorted() { rows.append((number, trace, place, domain)) }
            }
        }
        return columns.table(
            "step_traces", "a reading of a counter between two passes of an instrumented step", of: rows)
    }
}

extension MeterDescription {
    var domainTable: CSVTable {
        var columns = CSVColumns<EnergyDomain>()
        columns.add("domain", "Identifier, a path of names from the top") { $0.identifier }
        columns.add("name", "The kernel's name") { $0.name }
        columns.add("parent", "The domain that contains it in the kernel's tree") { $0.parent }
        columns.add("role", "counted, nested, platform, external, mirror or unreadable") { $0.role.name }
        columns.add("detail", "The domain that it mirrors, or why it cannot be read") { $0.role.detail }
        columns.add("counted", "Whether it is part of the box's total") { totalOf.contains($0.identifier) }
        columns.add("wrap_range_microjoules", "Range of its counter, where it is known") { $0.wrapRangeMicrojoules }
        columns.add("maximum_watts", "Upper limit of its power, where it is known") { $0.maximumWatts }
        columns.addOrigin(origin)
        return columns.table("domains", "an energy domain of the meter", of: domains)
    }
}

extension EnergyDomain.Role {
    fileprivate var name: String {
        switch self {
        case .counted: "counted"
        case .nested: "nested"
        case .platform: "platform"
        case .external: "external"
        case .mirror: "mirror"
        case .unreadable: "unreadable"
        }
    }

    fileprivate var detail: String? {
        switch self {
        case .mirror(let domain): domain
        case .unreadable(let reason): reason
        case .counted, .nested, .platform, .external: nil
        }
    }
}
