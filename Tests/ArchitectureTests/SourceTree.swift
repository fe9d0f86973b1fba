import FoundationEssentials

/// The package's own source text, found from this file's place.
enum SourceTree {
    struct File: Sendable {
        /// Path from the package's root.
        let path: String
        /// The target that the file belongs to.
        let module: String
        let lines: [Substring]

        /// Lines with their numbers from 1, without those that are comments as a whole.
        var code: [(number: Int, text: Substring)] {
            lines.enumerated().map { ($0.offset + 1, $0.element) }.filter {
                !$0.text.drop { $0 == " " }.hasPrefix("//")
            }
        }

        /// Imported modules with their line numbers, attributes and access levels ignored.
        var imports: [(number: Int, module: String)] {
            code.compactMap { number, text in
                let words = text.split(separator: " ")
                guard let place = words.firstIndex(of: "import"), place + 1 < words.count,
                    words[..<place].allSatisfy({ $0.hasPrefix("@") || accessLevels.contains($0) })
                else { return nil }
                // `import struct Module.Type` names a declaration of the module.
                let name = kinds.contains(words[place + 1]) ? words[place + 2] : words[place + 1]
                return (number, String(name.prefix { $0 != "." }))
            }
        }
    }

    private static let accessLevels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
    private static let kinds: Set<Substring> = [
        "struct", "class", "enum", "protocol", "typealias", "func", "let", "var",
    ]

    static let root = URL(filePath: #filePath).appending(path: "../../..").standardized.path

    static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: "\(root)/\(path)")), as: UTF8.self)
    }

    /// All Swift files of the rooms.
    static let files: Result<[File], any Error> = Result {
        try ["Sources", "Probes"].flatMap { folder in
            try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)")
                .filter { $0.hasSuffix(".swift") && $0.contains("/") }.sorted().map { path in
                    File(
                        path: "\(folder)/\(path)", module: String(path.prefix { $0 != "/" }),
                        lines: try text("\(folder)/\(path)").split(
                            separator: "\n", omittingEmptySubsequences: false))
                }
        }
    }

    /// Names of the folders in a folder.
    static func folders(in path: String) throws -> Set<String> {
        Set(
            try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(path)").filter {
                var isDirectory = false
                return FileManager.default.fileExists(atPath: "\(root)/\(path)/\($0)", isDirectory: &isDirectory)
                    && isDirectory
            })
    }
}
