/// The page's style sheet: light and dark by the reader's setting, and print.
///
/// Colors are after Okabe and Ito ("Color universal design", 2008), which readers with any color vision can tell apart,
/// made darker on white and lighter on black, so that text has a contrast of 4.5 to 1 and lines one of 3 to 1 (WCAG 2.2,
/// 1.4.3 and 1.4.11). Series also differ in the shape of their marks.
enum ReportStyle {
    /// Series by color, each on white and on black: the last is of lines that are no series.
    static let colors: [(light: String, dark: String)] = [
        ("#0072b2", "#56b4e9"), ("#c44e00", "#f0925c"), ("#00805d", "#2cc79b"), ("#a8488a", "#dd9cc6"),
        ("#8a6d00", "#e3c53a"), ("#5b5bb5", "#a8a8f0"), ("#7a4b2a", "#c9a183"), ("#595959", "#b3b3b3"),
    ]

    /// Names of the other colors, on white and on black.
    static let tones: [(name: String, light: String, dark: String)] = [
        ("page", "#ffffff", "#16181c"), ("ink", "#1d1f23", "#e8e8ea"), ("soft", "#55585f", "#b4b7be"),
        ("rule", "#d4d6da", "#3a3e46"), ("good", "#1a6b3c", "#63d297"), ("caution", "#7d5700", "#f0c04f"),
        ("bad", "#b3261e", "#ff8f85"), ("note", "#3d4a8a", "#a9b6ff"), ("band", "#b3261e", "#ff8f85"),
    ]

    private static func variables(_ color: ((light: String, dark: String)) -> String) -> String {
        tones.map { "--\($0.name):\(color(($0.light, $0.dark)));" }.joined()
            + colors.enumerated().map { "--c\($0.offset):\(color($0.element));" }.joined()
    }

    static var sheet: String {
        let series = colors.indices.map {
            """
            .c\($0){--c:var(--c\($0))}
            """
        }.joined()
        return """
            :root{color-scheme:light dark;\(variables(\.light))}
            @media (prefers-color-scheme:dark){:root{\(variables(\.dark))}}
            @media print{:root{color-scheme:light;\(variables(\.light))}body{max-width:none;font-size:9pt}
            svg,tr{break-inside:avoid}h4,figure p{break-after:avoid}section+section{break-before:page}details::details-content{content-visibility:visible;\
            block-size:auto;opacity:1}details>summary{display:none}nav{display:none}}
            *{box-sizing:border-box}
            body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:60rem;background:var(--page);color:var(--ink);\
            font:15px/1.5 system-ui,sans-serif}
            h1{font-size:1.6rem;margin:0 0 .2rem}h2{font-size:1.3rem;margin:2.5rem 0 .2rem;border-top:2px solid var(--rule);\
            padding-top:1rem}h3{margin:1.5rem 0 .3rem}h4{margin:1.5rem 0 .2rem;font-size:1rem}
            p{margin:.2rem 0 .6rem}.sub,figure p,caption,summary{color:var(--soft)}a{color:var(--c0)}
            ul{margin:.3rem 0;padding-left:1.3rem}.statements{list-style:none;padding:0}
            .statements li{display:grid;grid-template-columns:5.4rem 1fr}
            .good{color:var(--good)}.caution{color:var(--caution)}.bad{color:var(--bad)}.note{color:var(--note)}
            figure{margin:1.2rem 0}svg{width:100%;height:auto;overflow:visible}
            .legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;color:var(--soft);font-size:.85rem}
            .legend svg{width:24px;height:12px;vertical-align:-1px}
            text{fill:var(--ink);font:12px system-ui,sans-serif}.tick{fill:var(--soft);font-size:11px}.axis{fill:var(--soft)}
            .grid{stroke:var(--rule);fill:none}.frame{stroke:var(--soft);fill:none}
            .marker{stroke:var(--ink);stroke-dasharray:2 3;fill:none}
            .line{stroke:var(--c);stroke-width:1.8;fill:none}.dashed{stroke-dasharray:5 4}
            .whisker{stroke:var(--c);stroke-width:1.2;fill:none}.symbol{fill:var(--c);stroke:var(--page);stroke-width:.6}
            .cross{stroke:var(--c);stroke-width:1.8;fill:none}
            .samples{stroke:var(--c);stroke-width:3;stroke-linecap:round;fill:none;opacity:.45}
            .span{stroke:var(--c);stroke-width:3;fill:none}.fill{fill:var(--c);stroke:var(--page);stroke-width:.5}
            .fill+.whisker{stroke:var(--ink)}.band{fill:var(--band);opacity:.25}
            \(series)
            .wide{overflow-x:auto}table{border-collapse:collapse;font-size:.82rem;margin:.4rem 0 1rem}
            th,td{padding:.15rem .6rem;border-bottom:1px solid var(--rule);text-align:right;vertical-align:top;\
            font-variant-numeric:tabular-nums}th{font-weight:600}.t,th:first-child,td:first-child{text-align:left}
            code{font-size:.85em;color:var(--soft);font-weight:400}pre{overflow-x:auto;font-size:.8rem}
            summary{cursor:pointer;font-size:.85rem}
            """
    }
}
