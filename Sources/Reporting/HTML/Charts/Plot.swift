/// A drawing of points, lines and intervals over two axes.
struct Plot: Sendable {
    /// A time that is marked over the whole height.
    struct Band: Sendable {
        var left: Double
        var right: Double
    }

    var x: Axis
    var y: Axis
    var series: [Series]
    var height = 260.0
    var bands: [Band] = []
    var markers: [Frame.Marker] = []
    /// Draws the line on which both axes are equal, and gives both one range.
    var hasDiagonal = false

    var drawing: Markup { drawing(top: 0) }

    /// - Parameters:
    ///   - top: place in a drawing of several plots.
    ///   - shared: the horizontal scale of several plots; `nil` for one of its own.
    ///   - showsHorizontalAxis: whether it has ticks and a title.
    func drawing(top: Double, shared: Scale? = nil, showsHorizontalAxis: Bool = true) -> Markup {
        let bottom = top + height - (showsHorizontalAxis ? Frame.margins.bottom : 8)
        let both = hasDiagonal ? series.flatMap { $0.horizontalValues + $0.verticalValues } : []
        let across =
            shared
            ?? x.scale(
                series.flatMap(\.horizontalValues) + bands.flatMap { [$0.left, $0.right] } + both, from: Frame.left,
                to: Frame.right)
        let up = y.scale(series.flatMap(\.verticalValues) + both, from: bottom, to: top + Frame.margins.top)
        let frame = Frame(
            x: x, y: y, across: across, up: up, markers: markers, showsHorizontalAxis: showsHorizontalAxis)
        let marks = series.map { $0.drawing(across, up) }
        let diagonal: Markup = """
            <path class='line dashed c7' d='M\(at: across.start) \(at: up.start)L\(at: across.end) \(at: up.end)'/>
            """
        return "\(bands.map { drawing($0, across, up) })\(frame.drawing)\(hasDiagonal ? diagonal : "")\(marks)"
    }

    private func drawing(_ band: Band, _ x: Scale, _ y: Scale) -> Markup {
        let (left, right) = (x.place(band.left), x.place(band.right))
        return """
            <rect class='band' x='\(at: left)' y='\(at: y.end)' width='\(at: max(right - left, 1))' \
            height='\(at: y.start - y.end)'/>
            """
    }
}
