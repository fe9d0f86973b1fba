/// Points of one kind in a chart.
struct Series: Sendable {
    /// A point, with an interval in either direction where it has one.
    struct Point: Sendable {
        var x: Double
        var y: Double
        var lower: Double?
        var upper: Double?
        var left: Double?
        var right: Double?

        init(
            _ x: Double, _ y: Double, lower: Double? = nil, upper: Double? = nil, left: Double? = nil,
            right: Double? = nil
        ) {
            (self.x, self.y) = (x, y)
            (self.lower, self.upper, self.left, self.right) = (lower, upper, left, right)
        }
    }

    enum Mark: Sendable {
        case dots, squares, triangles, crosses
        /// Raw samples: small dots that overlap.
        case samples
        case line, dashes
        /// Lengths of time from `left` to `right`.
        case spans
        /// From zero to the value.
        case bars
    }

    var name: String
    /// Place among the page's colors, from 0.
    var color: Int
    var mark: Mark
    var points: [Point]
    /// Moves the marks sideways, in the drawing's units, so that series of one place do not cover each other.
    var shift = 0.0

    init(_ name: String, color: Int, _ mark: Mark, _ points: [Point], shift: Double = 0) {
        (self.name, self.color, self.mark, self.points, self.shift) = (name, color, mark, points, shift)
    }

    /// All that has to be on the axis.
    var horizontalValues: [Double] { points.flatMap { [$0.x, $0.left ?? $0.x, $0.right ?? $0.x] } }
    var verticalValues: [Double] { points.flatMap { [$0.y, $0.lower ?? $0.y, $0.upper ?? $0.y] } }
}

extension Series {
    func drawing(_ x: Scale, _ y: Scale) -> Markup {
        let inside = points.filter { $0.x.isFinite && $0.y.isFinite }
        switch mark {
        case .line, .dashes:
            let path = inside.enumerated().map { "\($0.offset == 0 ? "M" : "L")\(place($0.element, x, y))" }
            return inside.isEmpty
                ? "" : "<path class='\(mark == .line ? "line" : "line dashed") c\(color)' d='\(path: path.joined())'/>"
        case .samples:
            // One path for all: a thousand elements would be most of the page.
            let path = inside.map { "M\(place($0, x, y))h0" }.joined()
            return inside.isEmpty ? "" : "<path class='samples c\(color)' d='\(path: path)'/>"
        case .spans:
            let path = inside.map { point in
                let (from, to) = (x.place(point.left ?? point.x), x.place(point.right ?? point.x))
                return "M\(Markup.place(from)) \(Markup.place(y.place(point.y)))h\(Markup.place(max(to - from, 0.7)))"
            }.joined()
            return inside.isEmpty ? "" : "<path class='span c\(color)' d='\(path: path)'/>"
        case .bars:
            return "\(inside.map { bar($0, x, y) })\(whiskers(inside, x, y))"
        case .dots, .squares, .triangles, .crosses:
            let path = inside.map { symbol(x.place($0.x) + shift, y.place($0.y)) }.joined()
            return
                "\(whiskers(inside, x, y))<path class='\(mark == .crosses ? "cross" : "symbol") c\(color)' d='\(path: path)'/>"
        }
    }

    private func place(_ point: Point, _ x: Scale, _ y: Scale) -> String {
        "\(Markup.place(x.place(point.x) + shift)) \(Markup.place(y.place(point.y)))"
    }

    /// Width of a bar, in the drawing's units.
    static let barWidth = 9.0

    private func bar(_ point: Point, _ x: Scale, _ y: Scale) -> Markup {
        let (top, bottom) = (y.place(max(point.y, 0)), y.place(min(point.y, 0)))
        let left = x.place(point.x) + shift - Self.barWidth / 2
        return
            "<rect class='fill c\(color)' x='\(at: left)' y='\(at: top)' width='\(at: Self.barWidth)' height='\(at: bottom - top)'/>"
    }

    private func whiskers(_ points: [Point], _ x: Scale, _ y: Scale) -> Markup {
        var path = ""
        for point in points {
            let (across, along) = (x.place(point.x) + shift, y.place(point.y))
            if let lower = point.lower, let upper = point.upper, lower.isFinite, upper.isFinite {
                let (from, to) = (y.place(lower), y.place(upper))
                path += "M\(Markup.place(across)) \(Markup.place(from))V\(Markup.place(to))"
                path += "M\(Markup.place(across - 2.5)) \(Markup.place(from))h5"
                path += "M\(Markup.place(across - 2.5)) \(Markup.place(to))h5"
            }
            if let left = point.left, let right = point.right, left.isFinite, right.isFinite {
                let (from, to) = (x.place(left), x.place(right))
                path += "M\(Markup.place(from)) \(Markup.place(along))H\(Markup.place(to))"
            }
        }
        return path.isEmpty ? "" : "<path class='whisker c\(color)' d='\(path: path)'/>"
    }

    /// A closed outline around a place, or a cross.
    private func symbol(_ x: Double, _ y: Double) -> String {
        func at(_ dx: Double, _ dy: Double) -> String { "\(Markup.place(x + dx)) \(Markup.place(y + dy))" }
        return switch mark {
        case .squares: "M\(at(-3, -3))h6v6h-6z"
        case .triangles: "M\(at(0, -4))l4 7h-8z"
        case .crosses: "M\(at(-3, -3))l6 6M\(at(-3, 3))l6 -6"
        default: "M\(at(-3.2, 0))a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0z"
        }
    }

    /// The series' mark beside its name.
    var legend: Markup {
        let (x, y) = (Scale([0, 24], from: 0, to: 24), Scale([0, 1], from: 12, to: 0))
        var sample = self
        sample.shift = 0
        sample.points =
            switch mark {
            case .line, .dashes: [Point(1, 0.5), Point(23, 0.5)]
            case .samples: [Point(6, 0.4), Point(12, 0.6), Point(18, 0.5)]
            case .spans: [Point(2, 0.5, left: 2, right: 22)]
            case .bars: [Point(12, 0.9)]
            default: [Point(12, 0.5)]
            }
        return
            "<li><svg width='24' height='12' viewBox='0 0 24 12' aria-hidden='true'>\(sample.drawing(x, y))</svg> \(name)</li>"
    }
}
