import CARD

/// Decisions that were collected, by the calibrations that they were made from.
struct FoundDecisions {
    private struct Entry {
        var decision: Decision
        /// The file's name.
        var name: String
        /// The box whose folder has the file; `nil` for one beside the folders.
        var box: String?
    }

    private var entries: [Entry] = []
    /// SHA-256 of the calibrations of all servers.
    private(set) var servers: Set<String> = []

    init(_ folder: FleetFolder) {
        for box in folder.boxes { add(box.folder, of: box.name) }
        add(folder.files, of: nil)
        servers = Set(entries.map(\.decision.server.calibrationSha256))
    }

    private mutating func add(_ folder: CollectedFolder, of box: String?) {
        entries += folder.decisions.map { Entry(decision: $0.content, name: $0.file.name, box: box) }
        for (file, decisions) in folder.decisionsOfPairs {
            // Of several servers, the best one of each device.
            for choice in decisions.deviceChoices {
                guard let server = choice.server,
                    let decision = decisions.pair(device: choice.device, server: server).decision
                else { continue }
                entries.append(Entry(decision: decision, name: file.name, box: box))
            }
        }
    }

    /// The decision of a box and its file: one from its own calibration, from its own folder first.
    ///
    /// - Parameter sha256: of the box's calibration; `nil` for none, and then a decision in its folder is taken.
    func decision(of box: String, from sha256: String?) -> (decision: Decision, file: String)? {
        let own = entries.filter { $0.box == box }
        let found =
            if let sha256 {
                (own + entries).first { $0.decision.device.calibrationSha256 == sha256 }
            } else { own.first }
        return found.map { ($0.decision, $0.name) }
    }

    /// The file of a decision in a box's folder that is of another device or another calibration.
    func other(of box: String, than sha256: String) -> String? {
        entries.first {
            $0.box == box && $0.decision.device.calibrationSha256 != sha256
                // The server's own folder may hold the decisions of its devices.
                && $0.decision.server.calibrationSha256 != sha256
        }?.name
    }
}
