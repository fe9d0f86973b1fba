import CKerfClient
import Glibc

/// Two blocks whose passes compute for a known time, with ways to go wrong.
final class SpinningModel: ClientModel {
    private let behavior: String
    let passes: [String]
    private var steps = 0

    /// What each pass takes: embedding, two blocks, head; head, two blocks backward; the optimizer.
    private static let milliseconds = [1.0, 2, 3, 4, 5, 6, 4, 0.5]

    init(behavior: String) {
        self.behavior = behavior
        let trained = CommonPasses.trained(blocks: 2) + ["{\"update\": null}"]
        // The forward passes come first.
        passes = behavior == "infers" ? Array(trained.prefix(4)) : trained
    }

    var hello: String {
        let version = behavior == "version" ? 7 : 1
        let block = "{\"kind\": \"block\", \"parameters\": 1000, \"trainable\": 16, \"output_bytes\": 64}"
        let embedding = "{\"kind\": \"embedding\", \"parameters\": 640, \"trainable\": 0, \"output_bytes\": 64}"
        let head = "{\"kind\": \"head\", \"parameters\": 640, \"trainable\": 0, \"output_bytes\": 64}"
        let heads = behavior == "size" ? "1e30" : "2"
        let infers = behavior == "infers"
        let number = behavior == "pid" ? 1 : getpid()
        let device = behavior.hasPrefix("gpu") ? "Stub G" : "cpu"
        // As PyTorch writes it: without NVML's prefix. `gpu-unnamed` does not know it.
        let named = behavior == "gpu" ? "\"accelerators\": [\"00000000-0000-0000-0000-000000000001\"], " : ""
        return """
            {"version": \(version), "client": "marked-program", "pid": \(number), "runtime": {"name": "spin", \
            "version": "1", "device": "\(device)", \(named)"instruction_set": "none", "dtype": "f32", "threads": 1, \
            "packages": {"a_package": "2"}}, "model": {"name": "spin", "hidden_size": 16, "block_count": 2, \
            "head_count": \(heads), "key_value_head_count": 2, "head_size": 8, "intermediate_size": 32, \
            "vocabulary_size": 40, "tied_embeddings": false, "weights": "none"}, "workload": {"batch": 1, \
            "sequence": 4, "lora_rank": \(infers ? 0 : 2), "lora_alpha": 4, "lora_targets": [\(infers ? "" : "\"q\", \"v\"")]}, "layers": [\(embedding), \
            \(block), \(block), \(head)], "passes": [\(passes.joined(separator: ", "))], \
            "can": [\(behavior == "in-situ" ? "" : "\"repeat\"")]}
            """
    }

    func begin(_ client: UnsafeMutablePointer<kerf_client>) {
        switch behavior {
        // Like a data loader's: it works beside the step until the program has ended.
        case "worker":
            let program = getpid()
            if fork() == 0 {
                while getppid() == program {}
                _exit(0)
            }
        case "user": _ = report("as user \(getuid())")
        case "garbage": write("nonsense\n", to: client)
        case "talks": write("{\"done\": {\"count\": 1, \"marks\": 0, \"dropped\": 0}}\n", to: client)
        case "endless": write(String(repeating: "x", count: 3 << 20), to: client)
        case "dies-at-start": exit(7)
        default: break
        }
    }

    /// Writes to the connection past the client.
    private func write(_ text: String, to client: UnsafeMutablePointer<kerf_client>) {
        _ = kerf_send(client, text, strlen(text))
    }

    func run(_ place: Int) throws {
        let milliseconds = Self.milliseconds[place]
        let end = threadNanoseconds() + Int64(milliseconds * 1e6)
        while threadNanoseconds() < end {}
    }

    func beginStep() throws {
        steps += 1
        guard steps > 40 else { return }
        switch behavior {
        case "dies": raise(SIGKILL)
        case "stops": raise(SIGSTOP)
        case "exits": _exit(0)
        case "hangs": sleep(600)
        case "throws": throw Failure(description: "the loss is\nnot a \"number\"")
        default: break
        }
    }

    func endStep(_ client: UnsafeMutablePointer<kerf_client>?) throws {
        switch behavior {
        case "chatter": _ = "loss 2.5\n".withCString { Glibc.write(STDOUT_FILENO, $0, strlen($0)) }
        case "floods":
            if let client, steps > 3 {
                write("{\"done\": {\"count\": 1, \"marks\": 0, \"dropped\": 0}}\n", to: client)
            }
        case "full": for _ in 0..<70_000 { kerf_mark(client, 0) }
        case "unknown-pass": kerf_mark(client, 99)
        case "lies": client?.pointee.step += 3
        case "forks": if fork() == 0 { _exit(0) }
        case "leaves-child": if steps == 1, fork() == 0 { sleep(600) }
        default: break
        }
    }

    private func threadNanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
