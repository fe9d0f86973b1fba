/// Splits a command in one text into a program and its arguments. No shell runs it.
///
/// Spaces, tabs and line breaks separate words. Text in single quotes is taken as it is; in double quotes a backslash takes
/// a quote or a backslash as it is; elsewhere a backslash takes the next character as it is. Variables and patterns are plain
/// text. A shell's operators outside quotes are refused, since they would be plain arguments.
package enum CommandWords {
    private static let separators: Set<Character> = [" ", "\t", "\n", "\r\n", "\r"]
    private static let operators: Set<Character> = ["|", "&", ";", "<", ">"]

    /// - Returns: at least one word, the first of which is not empty.
    /// - Throws: ``KerfError/Code/invalidArgument``: nothing to run, a quote that is not closed, a shell's operator.
    package static func split(_ text: String) throws(KerfError) -> [String] {
        var words: [String] = []
        // `nil` between words; quotes alone are an empty word.
        var word: String?
        var quote: Character?
        var characters = text.makeIterator()
        while let character = characters.next() {
            if character == "\0" { throw KerfError(.invalidArgument, "a command cannot have a zero byte") }
            if let open = quote {
                if character == open {
                    quote = nil
                } else if character == "\\", open == "\"", let next = characters.next() {
                    word = (word ?? "") + (next == "\"" || next == "\\" ? "" : "\\") + String(next)
                } else {
                    word = (word ?? "") + String(character)
                }
            } else if character == "'" || character == "\"" {
                (quote, word) = (character, word ?? "")
            } else if character == "\\" {
                guard let next = characters.next() else {
                    throw KerfError(.invalidArgument, "the command ends with a backslash")
                }
                word = (word ?? "") + String(next)
            } else if separators.contains(character) {
                if let ended = word { words.append(ended) }
                word = nil
            } else if operators.contains(character) {
                throw KerfError(
                    .invalidArgument, "\(character) is a shell's, and no shell runs the command",
                    remedy: "put it into quotes, or run a shell: sh -c '...'")
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let quote { throw KerfError(.invalidArgument, "the quote \(quote) is not closed") }
        if let word { words.append(word) }
        guard let program = words.first, !program.isEmpty else {
            throw KerfError(.invalidArgument, "it names no program")
        }
        return words
    }
}
