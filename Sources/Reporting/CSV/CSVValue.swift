import CARD
import Calibration
import Instrumentation
import ProfileFormat
import Quantities
import Simulation
import SystemIO
import Validation
import Workload

/// What a cell of a table may hold.
///
/// A missing value is an empty cell, never zero. Numbers are in the shortest form that reads as the same number.
protocol CSVValue {
    /// The cell as it is written, quoted where RFC 4180 asks for it.
    var cell: String { get }
}

extension Double: CSVValue { var cell: String { "\(self)" } }
extension Int: CSVValue { var cell: String { "\(self)" } }
extension UInt64: CSVValue { var cell: String { "\(self)" } }
/// As R writes them; it reads no other spelling as a logical value, and pandas reads this one too.
extension Bool: CSVValue { var cell: String { self ? "TRUE" : "FALSE" } }

extension Optional: CSVValue where Wrapped: CSVValue {
    var cell: String { self?.cell ?? "" }
}

extension String: CSVValue {
    /// The text as it is but for characters that would break a line or move a terminal's cursor, which are question
    /// marks. So each row is one line.
    ///
    /// A text that begins with `=`, `+`, `-` or `@` stays as it is: pandas and R must see the name that the file has, and
    /// a quotation mark before it would be part of the name. What a spreadsheet makes of it is for the reader to decide,
    /// who imports such columns as text.
    var cell: String {
        let shown = PlainText.shown(self, limit: .max)
        let mustBeQuoted =
            shown.isEmpty || shown.first == " " || shown.last == " " || shown.utf8.contains(UInt8(ascii: ","))
            || shown.utf8.contains(UInt8(ascii: "\""))
        guard mustBeQuoted else { return shown }
        return "\"" + shown.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

extension CSVValue where Self: RawRepresentable, RawValue == String {
    var cell: String { rawValue.cell }
}

extension Origin: CSVValue {}
extension Direction: CSVValue {}
extension LayerDescription.Kind: CSVValue {}
extension EnergyWindow.Subject: CSVValue {}
extension Disturbance: CSVValue {}
extension PoolingGroup.Value: CSVValue {}
extension ModelLevel: CSVValue {}
extension PaperAssumption: CSVValue {}
extension AssumptionFinding.Verdict: CSVValue {}
extension Choice.Kind: CSVValue {}
extension Measurement: CSVValue {}
extension Policy: CSVValue {}
extension LinkDirection: CSVValue {}
extension LinkCondition: CSVValue {}
extension MeasuredRegret.Subject: CSVValue {}
extension Activity: CSVValue {}
