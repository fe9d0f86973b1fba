/// Values with a name each, one below the other, with their intervals.
struct NamedBars: Sendable {
    struct Bar: Sendable {
        var name: String
        /// `nil` is shown as `text` alone.
        var value: Double?
        var lower: Double?
        var upper: Double?
        /// The value and its interval in words.
        var text: String
        var color = 0
    }

    var axis: Axis
    var bars: [Bar]

    private static let rowHeight = 24.0
    private static let left = 230.0
    private static let right = Frame.width - 190

    var height: Double { Double(bars.count) * Self.rowHeight + 8 }

    var drawing: Markup {
        let scale = axis.scale(
            bars.flatMap { [$0.value, $0.lower, $0.upper].compactMap(\.self) }, from: Self.left, to: Self.right)
        let zero = scale.place(0)
        let rows = bars.enumerated().map { row, bar -> Markup in
            let middle = (Double(row) + 0.5) * Self.rowHeight + 4
            let name: Markup =
                "<text class='tick' x='\(at: Self.left - 8)' y='\(at: middle + 4)' text-anchor='end'>\(bar.name)</text>"
            let text: Markup = "<text class='tick' x='\(at: Self.right + 8)' y='\(at: middle + 4)'>\(bar.text)</text>"
            guard let value = bar.value, value.isFinite else { return "\(name)\(text)" }
            let end = scale.place(value)
            let rect: Markup = """
                <rect class='fill c\(bar.color)' x='\(at: min(zero, end))' y='\(at: middle - 6)' \
                width='\(at: max(abs(end - zero), 0.7))' height='12'/>
                """
            guard let lower = bar.lower, let upper = bar.upper, lower.isFinite, upper.isFinite else {
                return "\(name)\(rect)\(text)"
            }
            let (from, to) = (scale.place(lower), scale.place(upper))
            return """
                \(name)\(rect)<path class='whisker c7' d='M\(at: from) \(at: middle)H\(at: to)\
                M\(at: from) \(at: middle - 4)v8M\(at: to) \(at: middle - 4)v8'/>\(text)
                """
        }
        return "<path class='frame' d='M\(at: zero) 0V\(at: height)'/>\(rows)"
    }
}
