/// The start of a text that came from a file, safe to show in one line.
func quoted(_ text: String) -> String {
    let shown = text.unicodeScalars.prefix(64).map { (" "..."~").contains($0) ? Character($0) : "?" }
    return "\"" + String(shown) + (text.unicodeScalars.count > 64 ? "…\"" : "\"")
}
