/// What a file holds in place of what was asked for, recognized by its first bytes: a pointer to a file that was not
/// downloaded, a web page, an archive, a model in another format.
///
/// Without this the user would read of the first field that does not fit, such as the length of a header made of the
/// letters of `version https://git-lfs...`.
package struct ForeignContent: Sendable, Hashable {
    /// Completes a sentence that starts with the file's name.
    package var message: String
    package var remedy: Remedy
    /// Whether the file stands for another one, which is elsewhere.
    package var isPointer = false

    /// Bytes from the file's start that are enough.
    package static let prefixLength = 512

    /// - Parameter start: the file's first bytes, ``prefixLength`` or all.
    /// - Returns: `nil` for what is not known here. That says nothing about the file.
    package init?(_ start: some Collection<UInt8>) {
        let bytes = Array(start.prefix(Self.prefixLength))
        // The length of a safetensors header may be the same bytes as another format's signature.
        let isSafetensors = bytes.count > 8 && bytes[8] == UInt8(ascii: "{") && bytes[4..<8].allSatisfy { $0 == 0 }
        guard !isSafetensors, let found = Self.pointer(bytes) ?? Self.text(bytes) ?? Self.binary(bytes) else {
            return nil
        }
        self = found
    }

    private init(_ message: String, _ remedy: Remedy, isPointer: Bool = false) {
        self.message = message
        self.remedy = remedy
        self.isPointer = isPointer
    }

    /// - Throws: ``KerfError/Code/malformed`` when the file holds something known here.
    package static func check(_ start: some Collection<UInt8>, file: String) throws(KerfError) {
        guard let found = ForeignContent(start) else { return }
        throw KerfError(.malformed, at: file, found.message, remedy: found.remedy)
    }

    // MARK: - Kinds

    /// Source: git-lfs, docs/spec.md, "The Pointer", with the names of its two predecessors; git-annex, pointer files.
    private static func pointer(_ bytes: [UInt8]) -> ForeignContent? {
        let text = String(decoding: bytes, as: UTF8.self)
        let versions = [
            "version https://git-lfs.github.com/spec/", "version https://hawser.github.com/spec/",
            "version http://git-media.io/v/",
        ]
        if versions.contains(where: text.hasPrefix) {
            let size = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("size ") }
                .flatMap { Int($0.dropFirst("size ".count)) }
            return ForeignContent(
                "is a Git LFS pointer; the file itself" + (size.map { ", of \($0) bytes," } ?? "")
                    + " was not downloaded",
                "run git lfs install and git lfs pull in the clone that it came from", isPointer: true)
        }
        if text.hasPrefix("/annex/objects/") {
            return ForeignContent(
                "is a git-annex pointer; the file itself was not downloaded", "run git annex get in the clone",
                isPointer: true)
        }
        return nil
    }

    /// What servers send in place of a file, stored under its name.
    private static func text(_ bytes: [UInt8]) -> ForeignContent? {
        let text = String(decoding: bytes.drop { $0 >= 0x80 || $0 <= 0x20 }, as: UTF8.self).lowercased()
        let download: Remedy = "download the file itself, signed in if it needs a licence"
        if ["<!doctype html", "<html", "<head", "<body"].contains(where: text.hasPrefix) {
            return ForeignContent("is a web page (HTML)", download)
        }
        if text.hasPrefix("<?xml") {
            return ForeignContent("is an XML document, as servers send for an error", download)
        }
        let answers = ["entry not found", "access to model", "invalid username or password", "repository not found"]
        if let answer = answers.first(where: text.hasPrefix) {
            return ForeignContent("holds a server's answer, \(PlainText.quoted(answer))", download)
        }
        return nil
    }

    private static func binary(_ bytes: [UInt8]) -> ForeignContent? {
        if bytes.count >= 8, bytes.allSatisfy({ $0 == 0 }) {
            return ForeignContent("starts with zeros only, as an unfinished download does", "download the file again")
        }
        if let kind = signatures.first(where: { bytes.starts(with: $0.bytes) }) {
            return ForeignContent(kind.message, kind.remedy)
        }
        // A protocol 2 to 5 pickle starts with the opcode PROTO.
        if bytes.count > 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) {
            return ForeignContent("is a Python pickle, as pytorch_model.bin was before 2020", safetensors)
        }
        // ONNX is a protocol buffer: field 1, the version as a varint; field 2, the producer's name, a short text.
        if bytes.count > 4, bytes[0] == 0x08, (3...20).contains(bytes[1]), bytes[2] == 0x12, bytes[3] < 0x40 {
            return ForeignContent("is an ONNX model", safetensors)
        }
        return nil
    }

    private static let safetensors: Remedy =
        "give the model as safetensors (transformers: model.save_pretrained) or as GGUF"
    private static let unpack: Remedy = "unpack it first"

    private static let signatures: [(bytes: [UInt8], message: String, remedy: Remedy)] = [
        (
            [0x50, 0x4B, 0x03, 0x04], "is a ZIP archive, as PyTorch's .bin, .pt and .pth files are",
            "unpack it, or give a model as safetensors (transformers: model.save_pretrained) or as GGUF"
        ),
        ([0x1F, 0x8B], "is compressed (gzip)", unpack),
        ([0x28, 0xB5, 0x2F, 0xFD], "is compressed (zstd)", unpack),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "is compressed (xz)", unpack),
        (Array("BZh".utf8), "is compressed (bzip2)", unpack),
        ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], "is an HDF5 file, as Keras writes", safetensors),
        ([0x93] + Array("NUMPY".utf8), "is a NumPy array", safetensors),
        (Array("GGUF".utf8), "is a GGUF file", "give it as the weights"),
        (Array("tjgg".utf8), "is a GGML file from before GGUF", "convert the model with a current llama.cpp"),
        (Array("lmgg".utf8), "is a GGML file from before GGUF", "convert the model with a current llama.cpp"),
    ]
}
