/// How a byte-level vocabulary of a GGUF file wants texts cut into words: `tokenizer.ggml.pre`.
enum BytePreTokenizer: Sendable {
    case gpt2, smolLM, llama3, qwen2

    /// Source: llama.cpp, llama-vocab.cpp. `default` is GPT-2's, the one that all byte-level tokenizers come from.
    private static let byName: [String: BytePreTokenizer] = [
        "default": .gpt2, "gpt-2": .gpt2, "phi-2": .gpt2, "smollm": .smolLM, "starcoder": .smolLM, "refact": .smolLM,
        "command-r": .smolLM, "llama3": .llama3, "llama-v3": .llama3, "llama-bpe": .llama3, "qwen2": .qwen2,
        "deepseek-r1-qwen": .qwen2,
    ]

    /// `nil` for a name that Kerf does not know.
    init?(ggufName: String) {
        guard let found = Self.byName[ggufName] else { return nil }
        self = found
    }

    static var names: String { byName.keys.sorted().joined(separator: ", ") }

    var steps: [PreTokenizerStep] {
        switch self {
        case .gpt2: [.split(.gpt2)]
        case .smolLM: [.digits(individual: true), .split(.gpt2)]
        case .llama3: [.split(.tiktoken(maximumDigits: 3))]
        case .qwen2: [.split(.tiktoken(maximumDigits: 1))]
        }
    }
}
