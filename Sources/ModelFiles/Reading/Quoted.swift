import SystemIO

/// The start of a text from a model file, safe to show in one line.
func quoted(_ text: String) -> String { PlainText.quoted(text, limit: 64) }
