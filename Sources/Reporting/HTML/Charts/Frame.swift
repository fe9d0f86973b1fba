/// The axes of a chart with their grid and titles, and lines that mark a value of the horizontal one.
struct Frame: Sendable {
    static let width = 760.0
    static let margins = (left: 96.0, right: 14.0, top: 18.0, bottom: 40.0)
    static let left = margins.left
    static let right = width - margins.right

    /// A vertical line with a word, such as the chosen cut.
    struct Marker: Sendable {
        var x: Double
        var name: String
    }

    let x: Axis
    let y: Axis
    let across: Scale
    let up: Scale
    var markers: [Marker] = []
    /// Whether the horizontal axis has ticks and a title; of several charts on one axis only the lowest has.
    var showsHorizontalAxis = true

    private var top: Double { up.end }
    private var bottom: Double { up.start }

    var drawing: Markup {
        let title: Markup = """
            <text class='axis' transform='translate(12 \(at: (top + bottom) / 2)) rotate(-90)' \
            text-anchor='middle'>\(y.title)</text>
            """
        return """
            \(horizontalLines)\(title)\(showsHorizontalAxis ? horizontalAxis : "")\
            <path class='frame' d='M\(at: Self.left) \(at: top)V\(at: bottom)H\(at: Self.right)'/>\
            \(markers.map(drawing))
            """
    }

    private var horizontalLines: [Markup] {
        y.ticks(of: up, count: bottom - top < 90 ? 3 : 5).map { value in
            let place = up.place(value)
            return """
                <path class='grid' d='M\(at: Self.left) \(at: place)H\(at: Self.right)'/>\
                <text class='tick' x='\(at: Self.left - 6)' y='\(at: place + 4)' text-anchor='end'>\(y.label(value))</text>
                """
        }
    }

    private var horizontalAxis: Markup {
        let ticks = x.ticks(of: across, count: x.wholeNumbers == nil ? 7 : 16).map { value -> Markup in
            let place = across.place(value)
            return """
                <path class='frame' d='M\(at: place) \(at: bottom)v4'/>\
                <text class='tick' x='\(at: place)' y='\(at: bottom + 16)' text-anchor='middle'>\(x.label(value))</text>
                """
        }
        return """
            \(ticks)<text class='axis' x='\(at: (Self.left + Self.right) / 2)' y='\(at: bottom + 33)' \
            text-anchor='middle'>\(x.title)</text>
            """
    }

    private func drawing(_ marker: Marker) -> Markup {
        let place = across.place(marker.x)
        let isAtEnd = place > Self.width * 0.75
        return """
            <path class='marker' d='M\(at: place) \(at: top)V\(at: bottom)'/>\
            <text class='tick' x='\(at: place + (isAtEnd ? -4 : 4))' y='\(at: top - 5)' \
            text-anchor='\(isAtEnd ? "end" : "start")'>\(marker.name)</text>
            """
    }
}
