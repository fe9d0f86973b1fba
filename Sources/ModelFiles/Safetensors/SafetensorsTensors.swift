import SystemIO
import SystemPackage

/// The tensors of one safetensors file by name, for files that are not a whole model's.
package struct SafetensorsTensors: Sendable {
    private let file: SafetensorsFile
    private let path: String
    /// Texts by name, the format's `__metadata__`.
    package var metadata: [String: String] { file.metadata }
    package var names: [String] { file.tensors.keys.sorted() }

    /// - Throws: ``KerfError`` when the file cannot be read or is not what the format says.
    package init(path: String) throws(KerfError) {
        file = try SafetensorsFile(FilePath(path))
        self.path = path
    }

    /// A tensor's numbers, row-major.
    ///
    /// - Throws: ``KerfError/Code/missingTensor``; `impossibleShape` for another shape than `shape`.
    package func read(_ name: String, shape: [Int]) throws(KerfError) -> [Float] {
        guard let info = file.tensors[name], let tensor = try file.tensor(name) else {
            throw KerfError(.missingTensor, at: path, "has no tensor \(quoted(name))")
        }
        guard info.shape == shape else {
            throw KerfError(
                .impossibleShape, at: path,
                "tensor \(quoted(name)) is \(Self.text(info.shape)), but \(Self.text(shape)) is needed")
        }
        var numbers = [Float](repeating: 0, count: info.elements)
        var failure: KerfError?
        numbers.withUnsafeMutableBufferPointer { numbers in
            guard let start = numbers.baseAddress else { return }
            do throws(KerfError) { try tensor.read(into: start) } catch { failure = error }
        }
        if let failure { throw failure }
        return numbers
    }

    private static func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: " x ") }
}
