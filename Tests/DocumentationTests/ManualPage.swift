import Foundation

/// A page of the manual: its text, and the commands and files that it shows.
///
/// Commands stand in fenced blocks of language `console`. A line that begins with `$ ` is a command, which a backslash at
/// its end continues on the next line; the lines after it are its output. All blocks of a page run in order in one shell,
/// in a folder of their own. HTML comments before a block say more:
///
///     <!-- run: no, REASON -->       it is not run
///     <!-- run: if COMMAND -->       it is run where the command succeeds
///     <!-- quick: TEXT => TEXT -->   replaced in the commands unless the page is made anew in full length
///     <!-- exit: 69 -->              the exit status of its commands, 0 unless given
///     <!-- output: exact -->         the output is the one shown
///     <!-- output: shape -->         the same but for numbers, prefixes of units, and spaces
///     <!-- wait: COMMAND -->         what follows waits, next to a command in the background, until this one succeeds
///     <!-- file: NAME -->            the block is no command but the contents of a file
///
/// In an output, a line `...` stands for any number of lines.
struct ManualPage: Sendable {
    /// Below the repository's root.
    let name: String
    let lines: [String]
    let blocks: [Block]

    struct Block: Sendable {
        var language: String
        var directives = Directives()
        /// Lines between the fences.
        var body: Range<Int>
        var commands: [Command] = []
    }

    struct Command: Sendable {
        var text: String
        /// The line on which it begins.
        var line: Int
        /// Lines of the output that is shown.
        var output: Range<Int>
    }

    struct Directives: Sendable {
        var isRun = true
        var condition: String?
        var quick: [(old: String, new: String)] = []
        var status: Int32 = 0
        var comparison: ShownOutput.Comparison?
        var awaited: String?
        var file: String?
    }

    struct Malformed: Error, CustomStringConvertible {
        var description: String
    }

    /// - Throws: ``Malformed`` with the line.
    init(name: String, text: String) throws {
        self.name = name
        lines = text.components(separatedBy: "\n")
        blocks = try Self.blocks(of: lines, in: name)
    }

    func text(_ range: Range<Int>) -> [String] { Array(lines[range]) }

    /// Blocks of commands that run on every system.
    var commandsThatAlwaysRun: [Command] {
        blocks.filter { $0.directives.isRun && $0.directives.condition == nil }.flatMap(\.commands)
    }

    // MARK: - Parsing

    private static func blocks(of lines: [String], in name: String) throws -> [Block] {
        var blocks: [Block] = []
        var directives = Directives()
        var index = 0
        while index < lines.count {
            let line = lines[index]
            defer { index += 1 }
            if line.hasPrefix("<!-- "), line.hasSuffix(" -->") {
                try directives.read(String(line.dropFirst(5).dropLast(4)), at: "\(name):\(index + 1)")
                continue
            }
            if line.isEmpty { continue }
            guard line.hasPrefix("```") else {
                directives = Directives()
                continue
            }
            guard let end = lines[(index + 1)...].firstIndex(of: "```") else {
                throw Malformed(description: "\(name):\(index + 1): the block has no end")
            }
            var block = Block(language: String(line.dropFirst(3)), directives: directives, body: (index + 1)..<end)
            if block.language == "console" {
                block.commands = try commands(of: lines, block.body, in: name)
            }
            guard block.directives.quick.isEmpty || block.directives.comparison == nil else {
                throw Malformed(description: "\(name):\(index + 1): a shortened command has another output")
            }
            blocks.append(block)
            directives = Directives()
            index = end
        }
        return blocks
    }

    private static func commands(of lines: [String], _ body: Range<Int>, in name: String) throws -> [Command] {
        var commands: [Command] = []
        var index = body.lowerBound
        while index < body.upperBound {
            guard lines[index].hasPrefix("$ ") else {
                guard var last = commands.popLast() else {
                    throw Malformed(description: "\(name):\(index + 1): output without a command")
                }
                index += 1
                last.output = last.output.lowerBound..<index
                commands.append(last)
                continue
            }
            var text = String(lines[index].dropFirst(2))
            let start = index
            while text.hasSuffix("\\"), index + 1 < body.upperBound {
                index += 1
                text = String(text.dropLast()) + String(lines[index].drop { $0 == " " })
            }
            index += 1
            commands.append(Command(text: text, line: start + 1, output: index..<index))
        }
        return commands
    }
}

extension ManualPage.Directives {
    /// - Throws: ``ManualPage/Malformed`` where the comment looks like a directive and is none.
    fileprivate mutating func read(_ comment: String, at place: String) throws {
        guard let colon = comment.firstRange(of: ": ") else { return }
        let value = String(comment[colon.upperBound...])
        switch comment[..<colon.lowerBound] {
        case "run" where value.hasPrefix("no, "): isRun = false
        case "run" where value.hasPrefix("if "): condition = String(value.dropFirst(3))
        case "quick" where value.split(separator: " => ").count == 2:
            let sides = value.components(separatedBy: " => ")
            quick.append((sides[0], sides[1]))
        case "exit" where Int32(value) != nil: status = Int32(value) ?? 0
        case "output" where ShownOutput.Comparison(rawValue: value) != nil:
            comparison = ShownOutput.Comparison(rawValue: value)
        case "wait": awaited = value
        case "file" where !value.contains("/"): file = value
        default: throw ManualPage.Malformed(description: "\(place): no such directive: \(comment)")
        }
    }
}
