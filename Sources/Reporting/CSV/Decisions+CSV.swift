import CARD
import Quantities

extension Decisions {
    /// The tables of the pairs, and those of each pair's alternatives.
    var csvTables: [CSVTable] {
        let all = pairs.compactMap { pair in
            pair.decision.map {
                PlacedDecisions.Place(
                    device: name(devices, pair.device), server: name(servers, pair.server), decision: $0)
            }
        }
        return [boxTable, pairTable, choiceTable, roundTable] + PlacedDecisions(isOfPairs: true, all: all).tables
    }

    private func name(_ boxes: [DecidedBox], _ place: Int?) -> String? {
        place.flatMap { boxes.indices.contains($0) ? boxes[$0].name : nil }
    }

    private var boxTable: CSVTable {
        typealias Row = (side: String, box: DecidedBox)
        var columns = CSVColumns<Row>()
        columns.add("side", "device or server") { $0.side }
        columns.add("name", "What the user calls it") { $0.box.name }
        columns.add("cpu_model", "The processor's name") { $0.box.cpuModel }
        columns.add("model_name", "The model that was profiled") { $0.box.modelName }
        columns.add("calibration_sha256", "SHA-256 of the calibration's file") { $0.box.calibrationSha256 }
        columns.add("virtual_board", "The virtual board that replaced the meters") { $0.box.virtualBoard }
        return columns.table(
            "boxes", "a device or server", of: devices.map { ("device", $0) } + servers.map { ("server", $0) })
    }

    private var pairTable: CSVTable {
        var columns = CSVColumns<DecidedPair>()
        columns.add("device", "Name of the device") { name(devices, $0.device) }
        columns.add("server", "Name of the server") { name(servers, $0.server) }
        func chosen(_ pair: DecidedPair) -> DecidedCut? {
            pair.decision.flatMap { decision in decision.cuts.first { $0.cut == decision.choice.cut } }
        }
        columns.add("cut", "The choice; empty where there is no decision") { $0.decision?.choice.cut }
        columns.add("kind", "server_only, split or device_only") { $0.decision?.choice.kind }
        columns.add("delay", in: "seconds", "Delay of a round") { chosen($0)?.delaySeconds }
        columns.add("server_energy", in: "joules", "The server's energy of a round") { chosen($0)?.serverEnergyJoules }
        columns.add("device_energy", in: "joules", "The device's energy of a round while it computes") {
            $0.deviceEnergyJoules
        }
        columns.add("cost", "The cost U with the normalizers of all servers of the device") { $0.cost }
        columns.add("probability", "Probability that the choice is the best cut") {
            $0.decision?.confidence?.chosenProbability
        }
        columns.add("expected_regret", "In the unit of the cost U of the pair alone") {
            $0.decision?.confidence?.expectedRegret
        }
        columns.add("stands", "Whether the decision can be relied on") { $0.decision?.verdict?.stands }
        columns.add("unavailable", "Why there is no decision") { $0.unavailable }
        return columns.table("pairs", "a device with a server", of: pairs)
    }

    private var choiceTable: CSVTable {
        var columns = CSVColumns<ServerChoice>()
        columns.add("device", "Name of the device") { name(devices, $0.device) }
        columns.add("server", "The server of least cost") { name(servers, $0.server) }
        columns.add("fastest_server", "The server of least delay") { name(servers, $0.fastestServer) }
        columns.add("minimum_delay_seconds", "Delay that counts as 0 in the cost") { $0.delayNormalizerSeconds.minimum }
        columns.add("maximum_delay_seconds", "Delay that counts as 1 in the cost") { $0.delayNormalizerSeconds.maximum }
        columns.add("minimum_energy_joules", "Energy that counts as 0 in the cost") {
            $0.energyNormalizerJoules.minimum
        }
        columns.add("maximum_energy_joules", "Energy that counts as 1 in the cost") {
            $0.energyNormalizerJoules.maximum
        }
        return columns.table("device_choices", "a device with its best server", of: deviceChoices)
    }

    private var roundTable: CSVTable {
        var columns = CSVColumns<ServerRound>()
        columns.add("server", "Name of the server") { name(servers, $0.server) }
        columns.add("chosen", "Whether it is the server of least cost") { $0.server == round.server }
        columns.add("delay", in: "seconds", "Delay of a round of all devices") { $0.delaySeconds }
        columns.add("server_energy", in: "joules", "The server's energy of the round") { $0.serverEnergyJoules }
        columns.add("device_energy", in: "joules", "The devices' energy of the round") { $0.deviceEnergyJoules }
        columns.add("cost", "The cost U with the normalizers of the round") { $0.cost }
        columns.add("missing_devices", "How many devices another server can take and this one cannot") {
            $0.missingDevices.count
        }
        return columns.table("rounds", "a round of all devices with one server", of: round.servers)
    }
}
