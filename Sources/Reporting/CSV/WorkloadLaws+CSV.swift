import Calibration
import Quantities
import Workload

extension WorkUnit: CSVValue {}

/// Time and power as functions of the workload: values at the workloads that were measured.
extension Calibration {
    var workloadTables: [CSVTable] {
        [workloadStepTable, workloadPassTable, workloadKernelTable, workloadProfileTable]
    }

    private typealias Place = (number: Int, workload: MeasuredWorkload)

    private var places: [Place] { (workloadLaws?.workloads ?? []).enumerated().map { ($0.offset, $0.element) } }

    private func addWorkload<Row>(to columns: inout CSVColumns<Row>, _ place: @escaping (Row) -> Place) {
        columns.add("batch", "Sequences in a batch") { place($0).workload.batch }
        columns.add("sequence", "Tokens in a sequence") { place($0).workload.sequence }
        columns.add("lora_rank", "Rank of the adapters") { place($0).workload.loraRank }
    }

    private var workloadStepTable: CSVTable {
        var columns = CSVColumns<Place>()
        let step = workloadLaws?.step
        addWorkload(to: &columns) { $0 }
        columns.add("time", in: "seconds", "Time of a whole step") { step?.timeSeconds.at($0.number) }
        columns.add("gross_power", in: "watts", "All power of the box") { step?.grossPowerWatts.at($0.number) }
        columns.add("net_power", in: "watts", "Gross power less idle power") { step?.netPowerWatts.at($0.number) }
        columns.add("closure", in: "ratio", "(Sum of all layers - whole step) / whole step") {
            step?.closureRatio.at($0.number)
        }
        return columns.table("workload_steps", "the whole step at a measured workload", of: places)
    }

    private var workloadPassTable: CSVTable {
        typealias Row = (place: Place, law: PassWorkloadLaw)
        var columns = CSVColumns<Row>()
        addWorkload(to: &columns) { $0.place }
        columns.addPass(layers.map(\.description)) { LayerPass(layer: $0.law.layer, direction: $0.law.direction) }
        columns.add("time", in: "seconds", "Time inside a whole step") { $0.law.timeSeconds.at($0.place.number) }
        columns.add("gross_power", in: "watts", "All power of the box") { $0.law.grossPowerWatts.at($0.place.number) }
        columns.add("net_power", in: "watts", "Gross power less idle power") {
            $0.law.netPowerWatts.at($0.place.number)
        }
        var rows: [Row] = []
        for law in workloadLaws?.passes ?? [] {
            for place in places { rows.append((place, law)) }
        }
        return columns.table("workload_passes", "a pass of a layer at a measured workload", of: rows)
    }

    private var workloadKernelTable: CSVTable {
        typealias Row = (place: Place, pass: PassWorkloadLaw, law: KernelWorkloadLaw)
        var columns = CSVColumns<Row>()
        addWorkload(to: &columns) { $0.place }
        columns.addPass(layers.map(\.description)) { LayerPass(layer: $0.pass.layer, direction: $0.pass.direction) }
        columns.add("kernel", "A timed part of the layer, or the time outside of all") { $0.law.kernel }
        columns.add("work", "What the kernel has to do") { $0.law.work.at($0.place.number) }
        columns.add("work_unit", "What its work counts: flops, bytes or tokens") { $0.law.unit }
        columns.add("time", in: "seconds", "Time inside a whole step") { $0.law.timeSeconds.at($0.place.number) }
        var rows: [Row] = []
        for pass in workloadLaws?.passes ?? [] {
            for law in pass.kernels + [pass.between] {
                for place in places { rows.append((place, pass, law)) }
            }
        }
        return columns.table("workload_kernels", "a kernel of a pass at a measured workload", of: rows)
    }

    private var workloadProfileTable: CSVTable {
        typealias Row = (place: Place, sha256: String)
        var columns = CSVColumns<Row>()
        addWorkload(to: &columns) { $0.place }
        columns.add("sha256", "SHA-256 of the profile's bytes, as in profiles.csv") { $0.sha256 }
        var rows: [Row] = []
        for place in places {
            for sha256 in place.workload.profiles { rows.append((place, sha256)) }
        }
        return columns.table("workload_profiles", "a profile of a measured workload", of: rows)
    }
}

extension Array {
    /// `nil` where a list of a damaged file is shorter than that of the workloads.
    fileprivate func at(_ place: Int) -> Element? { indices.contains(place) ? self[place] : nil }
}
