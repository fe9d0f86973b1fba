import ProfileFormat
import Quantities
import Reporting
import Statistics
import SystemIO
import Testing

@Suite("Tables")
struct TextTableTests {
    @Test("a table lines up, units under the titles")
    func table() {
        var table = TextTable([.init("layer", .left), .init("time", unit: "ms"), .init("note", .left)])
        table.append(["embedding", "1.5", ""])
        table.append(["head", "10.25", "µ"])
        table.append(["short"])
        #expect(
            table.text == """
                layer       time  note
                              ms
                ----------------------
                embedding    1.5
                head       10.25  µ
                short

                """)
        var wide = TextTable([.init("label", .left), .init("value", .left)])
        wide.append(["温度", "1"])
        wide.append(["e\u{301}", "2"])
        #expect(wide.lines == ["label  value", "------------", "温度   1", "e\u{301}      2"])
        #expect(TextTable([.init("a")]).lines == ["a", "-"], "no unit line where there are no units")
    }
}
