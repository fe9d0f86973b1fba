import Calibration
import ProfileFormat
import Quantities
import Workload

extension Calibration {
    /// The tables of the fits.
    var csvTables: [CSVTable] {
        [
            passTable, shapeTable, pooledTable, kernelTable, layers.map(\.description).kernelTable, groupTable,
            memberTable, frequencyTable, timeLawTable, powerLawTable, (frequencyGroups ?? []).map(\.group).coreTable,
            externalTable, meter.domainTable,
            rejectionTable, provenanceTable,
        ] + workloadTables
    }

    private typealias Pass = (layer: LayerDescription, direction: Direction, values: DirectionCalibration)

    private var passes: [Pass] {
        layers.flatMap { layer -> [Pass] in
            [(layer.description, .forward, layer.forward), (layer.description, .backward, layer.backward)]
        }
    }

    private func addPass(to columns: inout CSVColumns<Pass>) {
        columns.add("layer", "0 the embedding, 1 to L the blocks, L + 1 the head") { $0.layer.index }
        columns.add("kind", "embedding, block or head") { $0.layer.kind }
        columns.add("direction", "forward or backward") { $0.direction }
    }

    private var passTable: CSVTable {
        var columns = CSVColumns<Pass>()
        addPass(to: &columns)
        columns.add("time", in: "seconds", "Time inside a whole step") { $0.values.timeSeconds }
        columns.add("gross_energy", in: "joules", "All energy of the box in that time") { $0.values.grossEnergyJoules }
        columns.add("net_energy", in: "joules", "Gross energy less idle power times the time") {
            $0.values.netEnergyJoules
        }
        columns.add("in_situ_energy", in: "joules", "Gross energy from counters between the layers of steps") {
            $0.values.inSituEnergyJoules
        }
        return columns.table("passes", "a pass of a layer, estimated by itself", of: passes)
    }

    private var pooledTable: CSVTable {
        var columns = CSVColumns<Pass>()
        addPass(to: &columns)
        columns.add("time", in: "seconds", "Time inside a whole step") { $0.values.pooled?.timeSeconds }
        columns.add("gross_energy", in: "joules", "All energy of the box in that time") {
            $0.values.pooled?.grossEnergyJoules
        }
        columns.add("net_energy", in: "joules", "Gross energy less idle power times the time") {
            $0.values.pooled?.netEnergyJoules
        }
        return columns.table(
            "pooled_passes", "a pass of a block, estimated with the other blocks of its shape",
            of: passes.filter { $0.values.pooled != nil })
    }

    private var shapeTable: CSVTable {
        var columns = CSVColumns<LayerDescription>()
        columns.add("layer", "0 the embedding, 1 to L the blocks, L + 1 the head") { $0.index }
        columns.add("kind", "embedding, block or head") { $0.kind }
        columns.addSizes { $0 }
        return columns.table("layers", "a layer", of: layers.map(\.description))
    }

    private var kernelTable: CSVTable {
        typealias Row = (pass: Pass, kernel: String, time: Quantity)
        var columns = CSVColumns<Row>()
        columns.add("layer", "0 the embedding, 1 to L the blocks, L + 1 the head") { $0.pass.layer.index }
        columns.add("kind", "embedding, block or head") { $0.pass.layer.kind }
        columns.add("direction", "forward or backward") { $0.pass.direction }
        columns.add("kernel", "A timed part of the layer, such as attention") { $0.kernel }
        columns.add("time", in: "seconds", "Time inside a whole step") { $0.time }
        var rows: [Row] = []
        for pass in passes {
            for kernel in pass.values.kernelSeconds.sorted(by: { $0.key < $1.key }) {
                rows.append((pass, kernel.key, kernel.value))
            }
        }
        return columns.table("kernels", "a kernel of a pass", of: rows)
    }

    private var externalTable: CSVTable {
        var columns = CSVColumns<DomainPower>()
        columns.add("domain", "Identifier of the domain") { $0.domain }
        columns.add("name", "The meter's name for it") { $0.name }
        columns.add("idle_power", in: "watts", "Power while the box was idle") { $0.idlePowerWatts }
        columns.add("step_power", in: "watts", "Gross power while whole steps ran") { $0.stepPowerWatts }
        return columns.table("external_power", "a domain outside the box's total", of: externalPower ?? [])
    }

    private var rejectionTable: CSVTable {
        var columns = CSVColumns<Rejection>()
        columns.add("reason", "Why steps or windows of the profiles were rejected") { $0.reason }
        columns.add("count", "How many") { $0.count }
        return columns.table("rejections", "a reason for rejections", of: rejections)
    }

    private var provenanceTable: CSVTable {
        var columns = CSVColumns<ProfileSource>()
        columns.add("sha256", "SHA-256 of the profile's bytes") { $0.sha256 }
        columns.add("created", "End of the profile's run") { $0.created }
        columns.add("kerf_version", "The version of Kerf that made the profile") { $0.kerfVersion }
        return columns.table("profiles", "a profile that the calibration was made from", of: provenance)
    }
}

/// Blocks of one shape that were estimated together.
extension Calibration {
    private typealias Group = (number: Int, group: PoolingGroup)

    private var groups: [Group] { (pooling ?? []).enumerated().map { ($0.offset, $0.element) } }

    private var groupTable: CSVTable {
        var columns = CSVColumns<Group>()
        columns.add("group", "Number of the group, from 0") { $0.number }
        columns.add("value", "What was pooled, with the unit of all numbers in the row") { $0.group.value }
        columns.add("direction", "forward or backward") { $0.group.direction }
        columns.add("center", in: "value", "What a block of this shape takes") { $0.group.center }
        columns.add("spread", "Standard deviation between the blocks") { $0.group.spread }
        columns.add("common_standard_error", "Standard error that all blocks have in common") {
            $0.group.commonStandardError
        }
        columns.add("heterogeneity_statistic", "Cochran's Q") { $0.group.heterogeneity.statistic }
        columns.add("heterogeneity_degrees_of_freedom", "Of that test") { $0.group.heterogeneity.degreesOfFreedom }
        columns.add("heterogeneity_p_value", "Of the hypothesis that the blocks are equal") {
            $0.group.heterogeneity.pValue
        }
        return columns.table("pooling_groups", "a pass of the blocks of one shape", of: groups)
    }

    private var memberTable: CSVTable {
        typealias Row = (group: Group, member: PooledMember)
        var columns = CSVColumns<Row>()
        columns.add("group", "Number of the group, from 0") { $0.group.number }
        columns.add("value", "What was pooled, with the unit of all numbers in the row") { $0.group.group.value }
        columns.add("direction", "forward or backward") { $0.group.group.direction }
        columns.add("layer", "The block") { $0.member.layer }
        columns.add("own_value", "The block's own estimate") { $0.member.ownValue }
        columns.add("own_standard_error", "Without the part that is common to the group") {
            $0.member.ownStandardError
        }
        columns.add("pooled_value", "The pooled estimate") { $0.member.pooledValue }
        columns.add("pooled_standard_error", "Without the part that is common to the group") {
            $0.member.pooledStandardError
        }
        columns.add("shrinkage", "Share of the way from the block's own value to the group's, 0 to 1") {
            $0.member.shrinkage
        }
        columns.add("outlier_probability", "Probability that the block stands apart") { $0.member.outlierProbability }
        var rows: [Row] = []
        for group in groups {
            for member in group.group.members { rows.append((group, member)) }
        }
        return columns.table("pooling_members", "a block of a pooling group", of: rows)
    }
}
