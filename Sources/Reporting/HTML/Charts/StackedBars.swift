/// A whole divided into parts, one bar for each place on a horizontal axis of whole numbers.
struct StackedBars: Sendable {
    struct Bar: Sendable {
        var x: Int
        /// From the axis up. A part below zero is not drawn; it stands in the table.
        var parts: [Double]
        /// Interval of the sum.
        var lower: Double?
        var upper: Double?

        /// The upper end of each part.
        fileprivate var tops: [Double] {
            var sum = 0.0
            return parts.map { part in
                sum += part.isFinite ? max(0, part) : 0
                return sum
            }
        }
    }

    var x: Axis
    var y: Axis
    var names: [String]
    var bars: [Bar]
    var height = 260.0
    var markers: [Frame.Marker] = []

    var drawing: Markup {
        let across = x.scale(bars.map { Double($0.x) }, from: Frame.left, to: Frame.right)
        let up = y.scale(
            bars.flatMap { [$0.tops.last ?? 0, $0.upper ?? 0] }, from: height - Frame.margins.bottom,
            to: Frame.margins.top)
        let places = Double((x.wholeNumbers?.count ?? bars.count) + 1)
        let width = min(22, max(2, (Frame.right - Frame.left) / places * 0.72))
        let frame = Frame(x: x, y: y, across: across, up: up, markers: markers)
        return "\(frame.drawing)\(bars.map { drawing($0, width, across, up) })"
    }

    private func drawing(_ bar: Bar, _ width: Double, _ x: Scale, _ y: Scale) -> Markup {
        let (tops, middle) = (bar.tops, x.place(Double(bar.x)))
        let parts = tops.indices.map { part -> Markup in
            let (from, to) = (y.place(part == 0 ? 0 : tops[part - 1]), y.place(tops[part]))
            guard from - to > 0.05 else { return "" }
            return """
                <rect class='fill c\(part)' x='\(at: middle - width / 2)' y='\(at: to)' width='\(at: width)' \
                height='\(at: from - to)'/>
                """
        }
        guard let lower = bar.lower, let upper = bar.upper, lower.isFinite, upper.isFinite else { return "\(parts)" }
        return "\(parts)<path class='whisker c7' d='M\(at: middle) \(at: y.place(lower))V\(at: y.place(upper))'/>"
    }

    var legend: [Markup] { names.enumerated().map { Series($1, color: $0, .bars, []).legend } }
}
