/// Several plots over one axis of time, with times that are marked across all of them.
struct TimeLine: Sendable {
    struct Panel: Sendable {
        var y: Axis
        var series: [Series]
    }

    var x: Axis
    var panels: [Panel]
    var bands: [Plot.Band]

    private static let panelHeight = 96.0

    var height: Double { Double(panels.count) * Self.panelHeight + Frame.margins.bottom }

    var drawing: Markup {
        let times = panels.flatMap(\.series).flatMap(\.horizontalValues) + bands.flatMap { [$0.left, $0.right] }
        let scale = x.scale(times, from: Frame.left, to: Frame.right)
        return """
            \(panels.enumerated().map { place, panel in
                let isLast = place == panels.count - 1
                var plot = Plot(x: x, y: panel.y, series: panel.series, bands: bands)
                plot.height = Self.panelHeight + (isLast ? Frame.margins.bottom - 8 : 0)
                return plot.drawing(
                    top: Double(place) * Self.panelHeight, shared: scale, showsHorizontalAxis: isLast)
            })
            """
    }
}
