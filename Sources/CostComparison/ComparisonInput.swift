import Calibration
import ProfileFormat
import Quantities
import SystemIO

/// A profile or calibration to be compared.
package struct ComparisonInput: Sendable {
    let calibration: Calibration
    let side: ComparedSide

    /// Reads a calibration, or a profile, which is calibrated first: that is a pure function.
    ///
    /// - Parameter name: what the user calls the file.
    /// - Throws: ``KerfError`` for a file of another kind, and for one that cannot be used.
    package init(name: String, bytes: [UInt8]) throws {
        let schema = try KerfJSON.header(of: bytes, named: name).schema
        let sha256 = SHA256.hexDigest(of: bytes)
        switch schema {
        case Profile.schema:
            let profile = try KerfJSON.decode(Profile.self, from: bytes, named: name)
            try self.init(
                Calibrator.calibrate([.init(name: name, bytes: bytes)]), name: name, kind: .profile, sha256: sha256,
                celsius: profile.conditions?.celsius)
        case Calibration.schema:
            try self.init(
                KerfJSON.decode(Calibration.self, from: bytes, named: name), name: name, kind: .calibration,
                sha256: sha256)
        default:
            throw KerfError(
                .wrongSchema, at: name,
                "this is a \(PlainText.shown(schema, limit: 160)) file where a \(Profile.schema) or "
                    + "\(Calibration.schema) file is needed",
                remedy: "give the profiles or calibrations behind it")
        }
    }

    /// - Parameter celsius: the processor's temperature over the run, where it is known.
    init(
        _ calibration: Calibration, name: String, kind: ComparedSide.Kind, sha256: String, celsius: [Double?]? = nil
    ) throws(KerfError) {
        self.calibration = calibration
        side = ComparedSide(calibration, name: name, kind: kind, sha256: sha256, celsius: celsius)
        try checkComplete()
    }

    /// What a calibration from elsewhere may lack.
    private func checkComplete() throws(KerfError) {
        let remedy: Remedy = "calibrate its profiles again"
        for (index, layer) in calibration.layers.enumerated() where layer.description.index != index {
            throw KerfError(
                .malformed, at: side.name, "layers[\(index)] is not layer \(index) (damaged or edited)", remedy: remedy)
        }
        guard !calibration.layers.isEmpty, !calibration.provenance.isEmpty else {
            let missing = calibration.layers.isEmpty ? "layers" : "provenance"
            throw KerfError(.malformed, at: side.name, "\(missing) is empty (damaged or edited)", remedy: remedy)
        }
        guard (calibration.pooling ?? []).allSatisfy({ $0.isSound(layers: calibration.layers.count) }) else {
            throw KerfError(
                .malformed, at: side.name,
                "a pooling group has fewer than three blocks, or values that are not above zero (damaged or edited)",
                remedy: remedy)
        }
    }
}

extension ComparedSide {
    fileprivate init(
        _ calibration: Calibration, name: String, kind: Kind, sha256: String, celsius: [Double?]?
    ) {
        let profiles = calibration.profilesOfWorkload
        let temperatures = (celsius ?? []).compactMap(\.self).filter(\.isFinite).sorted()
        self.init(
            name: name, kind: kind, sha256: sha256, profiles: profiles,
            runs: calibration.interpolatedFrom == nil ? profiles.count : 1, box: calibration.box,
            engineThreads: calibration.workload.threads, pinned: calibration.workload.pinned,
            runningHertz: calibration.frequency.runningHertz, referenceSeconds: calibration.frequency.referenceSeconds,
            medianCelsius: temperatures.isEmpty ? nil : temperatures[temperatures.count / 2],
            weightResidency: calibration.weightResidency, meter: ComparedMeter(calibration.meter),
            warnings: calibration.warnings)
    }
}

extension Calibration {
    /// The profiles that the costs are from, where the calibration has those of other workloads too.
    fileprivate var profilesOfWorkload: [ProfileSource] {
        let measured = workloadLaws?.workloads.first {
            $0.batch == workload.batch && $0.sequence == workload.sequence && $0.loraRank == workload.loraRank
        }
        guard let measured else { return provenance }
        let own = provenance.filter { measured.profiles.contains($0.sha256) }
        return own.isEmpty ? provenance : own
    }
}
