import SystemIO
import SystemPackage

/// The path of the recorded root directory. It is removed from texts, since it may contain the owner's name.
struct RootPath {
    /// The path as given, and with links resolved; longest first.
    private let paths: [[UInt8]]

    init(_ root: SystemRoot) {
        var paths: Set = [root.path.string]
        if let real = root.realDirectory(root.path) { paths.insert(real.string) }
        self.paths = paths.filter { $0 != "/" }.map { Array($0.utf8) }.sorted { $0.count > $1.count }
    }

    /// The text with paths relative to the root, which becomes `/`.
    ///
    /// Only whole path components match. A relative root matches only before a slash, since it may be any word.
    func removed(from text: [UInt8]) -> [UInt8] {
        paths.reduce(text) { Self.removing($1, from: $0) }
    }

    private static func removing(_ root: [UInt8], from text: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        var result: [UInt8] = []
        var index = 0
        while index < text.count {
            let end = index + root.count
            let starts = index == 0 || !(continuesName(text, index - 1) || text[index - 1] == slash)
            guard starts, end <= text.count, text[index..<end].elementsEqual(root) else {
                result.append(text[index])
                index += 1
                continue
            }
            let continues = end < text.count && text[end] == slash
            if continues || (root[0] == slash && !continuesName(text, end)) {
                if !continues { result.append(slash) }
            } else {
                result += text[index..<end]
            }
            index = end
        }
        return result
    }

    /// Whether a name continues with this byte. A period at the end of a sentence is not part of a name.
    private static func continuesName(_ text: [UInt8], _ index: Int) -> Bool {
        guard text.indices.contains(index) else { return false }
        if text[index] == UInt8(ascii: ".") { return index + 1 < text.count && text[index + 1].continuesWord }
        return text[index].continuesWord || Array("-~+@".utf8).contains(text[index])
    }
}
