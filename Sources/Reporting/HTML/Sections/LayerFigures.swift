import Calibration
import ProfileFormat
import Quantities
import Workload

/// Time and energy of every layer, from a calibration and the samples that it was fitted to.
struct LayerFigures {
    let calibration: Calibration
    /// Those of its profiles that are at hand; their samples are drawn.
    let profiles: [Profile]

    private static let directions:
        [(direction: Direction, name: String, color: Int, mark: Series.Mark, shift: Double)] =
            [(.forward, "forward", 0, .dots, -3), (.backward, "backward", 1, .squares, 3)]

    private var axis: Axis {
        Axis(
            "layer (0 the embedding, \(calibration.layers.count - 1) the head)",
            wholeNumbers: 0...max(1, calibration.layers.count - 1))
    }

    private func pass(_ layer: LayerCalibration, _ direction: Direction) -> DirectionCalibration {
        direction == .forward ? layer.forward : layer.backward
    }

    private func points(_ direction: Direction, _ field: (DirectionCalibration) -> Quantity?) -> [Series.Point] {
        calibration.layers.compactMap { layer in
            guard let quantity = field(pass(layer, direction)), let value = quantity.value, value != 0 else {
                return nil
            }
            return Series.Point(
                Double(layer.description.index), value, lower: quantity.lower, upper: quantity.upper)
        }
    }

    var times: Figure {
        let samples = Self.directions.compactMap { part -> Series? in
            let points = profiles.flatMap(\.layerTimes).filter { $0.direction == part.direction }.flatMap { times in
                times.seconds.map { Series.Point(Double(times.layer), $0) }
            }
            guard points.contains(where: { $0.y > 0 }) else { return nil }
            return Series(
                "\(part.name), every step", color: part.color, .samples, points.filter { $0.y > 0 }, shift: part.shift)
        }
        let estimates = Self.directions.map {
            Series($0.name, color: $0.color, $0.mark, points($0.direction, \.timeSeconds), shift: $0.shift)
        }
        var table = DataTable([
            .init("layer"), .init("kind", field: "layers[i].description.kind", isText: true),
            .init("forward", field: "layers[i].forward.time_seconds"),
            .init("pooled", field: "layers[i].forward.pooled.time_seconds"),
            .init("backward", field: "layers[i].backward.time_seconds"),
            .init("pooled", field: "layers[i].backward.pooled.time_seconds"), .init("steps"),
        ])
        for layer in calibration.layers {
            table.append([
                "\(layer.description.index)", layer.description.kind.rawValue,
                DataTable.cell(layer.forward.timeSeconds, "s"), DataTable.cell(layer.forward.pooled?.timeSeconds, "s"),
                DataTable.cell(layer.backward.timeSeconds, "s"),
                DataTable.cell(layer.backward.pooled?.timeSeconds, "s"),
                "\(layer.forward.timeSeconds.count)",
            ])
        }
        var y = Axis("time of a pass", unit: "s")
        y.limit = limit(estimates, samples)
        let beyond = samples.flatMap(\.points).count { $0.y > y.limit ?? .infinity }
        let samplesText =
            samples.isEmpty
            ? ""
            : " Small dots are single steps, also those that the trimmed mean leaves out"
                + (beyond > 0 ? "; \(beyond) that took longer than the axis shows are at its top." : ".")
        return Figure(
            "Time of each layer",
            "Seconds of one pass for the whole batch, inside whole steps, with \(confidence) intervals.\(samplesText)",
            Plot(x: axis, y: y, series: samples + estimates), table)
    }

    /// A few steps that took many times as long would make the layers look alike. `nil` where there are none.
    private func limit(_ estimates: [Series], _ samples: [Series]) -> Double? {
        let longest = estimates.flatMap(\.verticalValues).max() ?? 0
        let sorted = samples.flatMap(\.points).map(\.y).sorted()
        guard longest > 0, let last = sorted.last else { return nil }
        let limit = max(1.1 * longest, sorted[sorted.count * 98 / 100])
        return last > 1.3 * limit ? limit : nil
    }

    /// `nil` where no pass has an energy.
    var energies: Figure? {
        let gross = Self.directions.map {
            Series(
                "\($0.name), gross", color: $0.color, $0.mark, points($0.direction, \.grossEnergyJoules),
                shift: $0.shift)
        }
        guard gross.contains(where: { !$0.points.isEmpty }) else { return nil }
        let inSitu = Self.directions.compactMap { part -> Series? in
            let points = points(part.direction, \.inSituEnergyJoules)
            return points.isEmpty
                ? nil
                : Series(
                    "\(part.name), between layers", color: part.color + 2, .triangles, points, shift: part.shift * 2.4)
        }
        var table = DataTable([
            .init("layer"), .init("forward, gross", field: "layers[i].forward.gross_energy_joules"),
            .init("forward, net", field: "layers[i].forward.net_energy_joules"),
            .init("backward, gross", field: "layers[i].backward.gross_energy_joules"),
            .init("backward, net", field: "layers[i].backward.net_energy_joules"), .init("origin", isText: true),
        ])
        var missing = 0
        for layer in calibration.layers {
            let cells = [layer.forward, layer.backward].flatMap { [$0.grossEnergyJoules, $0.netEnergyJoules] }
            missing += [layer.forward, layer.backward].count { $0.grossEnergyJoules.value == nil }
            table.append(
                ["\(layer.description.index)"] + cells.map { DataTable.cell($0, "J") }
                    + [Origin.weakest(cells.filter { ($0.value ?? 0) != 0 }.map(\.origin)).rawValue])
        }
        let absent =
            missing == 0 ? "" : " \(missing) passes have no energy that the meter could resolve; the table says why."
        return Figure(
            "Energy of each layer",
            "Gross joules of one pass for the whole batch, \(calibration.meter.origin.rawValue), with \(confidence) intervals. "
                + "Net energy, without idle power, is in the table.\(absent)",
            Plot(x: axis, y: Axis("energy of a pass", unit: "J"), series: gross + inSitu), table)
    }

    private var confidence: String {
        let value = calibration.step.timeSeconds.confidence ?? 0.95
        return NumberText.percent(value, digits: 0)
    }

    /// `nil` without the kernels' operations or a measured roofline.
    var roofline: Figure? {
        let sums = KernelSums(calibration)
        guard sums.hasCosts, let peak = calibration.roofline?.flopsPerSecond.value,
            let bandwidth = calibration.roofline?.bytesPerSecond.value, peak > 0, bandwidth > 0
        else { return nil }
        var table = DataTable([
            .init("kernel", isText: true), .init("time in a step", field: "layers[i].*.kernel_seconds"),
            .init("operations", field: "layers[i].description.kernels[k].flops"),
            .init("bytes", field: "layers[i].description.kernels[k].bytes"), .init("rate"), .init("traffic"),
            .init("share of the roof"),
        ])
        var points: [(name: String, point: Series.Point)] = []
        for kernel in sums.kernels {
            guard let seconds = kernel.seconds, seconds > 0 else { continue }
            let least = max(kernel.flops / peak, kernel.bytes / bandwidth)
            table.append([
                kernel.name, NumberText.si(seconds, "s"), NumberText.si(kernel.flops, "FLOP"),
                NumberText.si(kernel.bytes, "B"), NumberText.si(kernel.flops / seconds, "FLOP/s"),
                NumberText.si(kernel.bytes / seconds, "B/s"), NumberText.percent(least / seconds, digits: 0),
            ])
            guard kernel.flops > 0, kernel.bytes > 0 else { continue }
            points.append((kernel.name, Series.Point(kernel.flops / kernel.bytes, kernel.flops / seconds)))
        }
        guard !points.isEmpty else { return nil }
        let corner = peak / bandwidth
        let intensities = points.map(\.point.x) + [corner]
        let (low, high) = ((intensities.min() ?? 1) / 2, (intensities.max() ?? 1) * 2)
        let roof = Series(
            "roof: measured peak rate and bandwidth", color: 7, .line,
            [Series.Point(low, low * bandwidth), Series.Point(corner, peak), Series.Point(high, peak)])
        let marks: [Series.Mark] = [.dots, .squares, .triangles, .crosses]
        let kernels = points.enumerated().map { place, kernel in
            Series(kernel.name, color: place % 7, marks[place / 7 % marks.count], [kernel.point])
        }
        return Figure(
            "Kernels against the roof",
            "Rate of each kernel over its operations per byte, both summed over layers and passes. On the roof a kernel is as "
                + "fast as the box allows: \(NumberText.si(peak, "FLOP/s")) and \(NumberText.si(bandwidth, "B/s")), measured in "
                + "the same run. Above it operands were in a cache.",
            Plot(
                x: Axis("operations per byte", .logarithmic), y: Axis("rate", unit: "FLOP/s", .logarithmic),
                series: [roof] + kernels), table)
    }
}
