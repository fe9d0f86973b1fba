/* Serves the forward pass of a model in a GGUF file to `kerf profile`, layer by layer. llama.cpp does the work.
 *
 * With llama.cpp's sources in llama.cpp/ and its libraries in build/bin/, in Kerf's folder:
 *
 *     c++ -O2 -std=c++17 -Illama.cpp/include -Illama.cpp/ggml/include -IClients/C docs/examples/llama_forward.cpp \
 *         -Lbuild/bin -Wl,-rpath,$PWD/build/bin -lllama -lggml -lggml-base -o llama-forward
 *     kerf profile --out llama.json -- ./llama-forward MODEL.gguf --tokens 64 --threads 1
 *
 * --name is the model's name for Kerf, where a decision pairs this calibration with one of another program.
 * Without Kerf it runs one step and prints how long that took. It needs a llama.cpp of August 2025 or later.
 */
#include "kerf.h"  // first, since it asks for the system's declarations that it needs

#include "ggml-backend.h"
#include "gguf.h"
#include "llama.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using Text = std::string;

// ---- The step ----

struct Step {
    kerf_client kerf{};
    llama_context *context = nullptr;
    std::vector<llama_token> tokens;
    std::vector<int8_t> outputs;  // whether a token's logits are wanted
    int blocks = 0;
    int borders = 0;         // how many were passed in this step
    bool isWatched = false;  // whether this step looks for them
};

// Whether a tensor is the last one of the layer that is being computed. The embedding's has had two names.
static bool endsLayer(const Step &step, const char *name) {
    if (step.borders == 0) return !strcmp(name, "inp_embd") || !strcmp(name, "embd");
    return !strncmp(name, "l_out-", 6) && atoi(name + 6) == step.borders - 1;
}

// llama.cpp asks for each tensor whether to stop there, computes up to the first one with true, and calls again. Stops
// cost time, so there is one at each border of layers, and none in steps without marks.
static bool onTensor(ggml_tensor *tensor, bool isAsked, void *user) {
    Step &step = *static_cast<Step *>(user);
    if (isAsked) return step.isWatched && endsLayer(step, tensor->name);
    kerf_mark(&step.kerf, ++step.borders);  // the forward passes are listed in order, so a pass has its layer's number
    return true;
}

// Runs the same prompt from the start. What comes before the first border, like making the graph, is the embedding's.
static int runStep(Step &step, bool isWatched) {
    step.borders = 0;
    step.isWatched = isWatched;
    kerf_mark(&step.kerf, 0);
    llama_memory_clear(llama_get_memory(step.context), false);
    llama_batch batch = llama_batch_get_one(step.tokens.data(), int32_t(step.tokens.size()));
    batch.logits = step.outputs.data();
    const int status = llama_decode(step.context, batch);
    if (status != 0) return kerf_fail(&step.kerf, ("llama_decode() returned " + std::to_string(status)).c_str());
    llama_synchronize(step.context);
    if (isWatched && step.borders != step.blocks + 1) {
        return kerf_fail(&step.kerf, "the end of a layer has another name in this model's graph");
    }
    return 0;
}

static int kerfStep(kerf_client *kerf, void *user) { return runStep(*static_cast<Step *>(user), kerf->is_marked); }

// ---- What Kerf is told ----

static Text metadata(const llama_model *model, const Text &key) {
    char value[256];
    return llama_model_meta_val_str(model, key.c_str(), value, sizeof value) < 0 ? "" : value;
}

static Text quoted(const Text &text) {
    Text result = "\"";
    for (unsigned char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c < ' ' || c > '~' ? '?' : char(c);
    }
    return result + "\"";
}

// The widest of the instruction sets that llama.cpp was built for.
static Text instructionSet() {
    const Text features = llama_print_system_info();
    for (Text name : {"AMX_INT8", "AVX512", "AVX2", "AVX", "SSE3", "SVE", "NEON"}) {
        if (features.find(" " + name + " = 1") != Text::npos) return name;
    }
    return "unknown";
}

// Weights of each layer by the shapes in the file: the embedding, the blocks, the head.
static std::vector<int64_t> parameters(const Text &path, int blocks, bool &isTied) {
    ggml_context *shapes = nullptr;
    gguf_context *file = gguf_init_from_file(path.c_str(), {/* no_alloc */ true, &shapes});
    if (!file) throw std::runtime_error("cannot read the tensors of " + path);
    isTied = gguf_find_tensor(file, "output.weight") < 0;
    std::vector<int64_t> result(blocks + 2, 0);
    for (ggml_tensor *tensor = ggml_get_first_tensor(shapes); tensor; tensor = ggml_get_next_tensor(shapes, tensor)) {
        int block = 0;
        const bool isEmbedding = !strncmp(tensor->name, "token_embd.", 11);
        const bool isBlock = sscanf(tensor->name, "blk.%d.", &block) == 1 && block < blocks;
        result[isEmbedding ? 0 : isBlock ? block + 1 : blocks + 1] += ggml_nelements(tensor);
    }
    if (isTied) result[blocks + 1] += result[0];  // the head multiplies by the same matrix
    gguf_free(file);
    ggml_free(shapes);
    return result;
}

static Text hello(const llama_model *model, const Text &path, Text name, int threads, int tokenCount) {
    const Text architecture = metadata(model, "general.architecture");
    if (name.empty()) name = metadata(model, "general.name");
    const Text file = path.substr(path.find_last_of('/') + 1);
    const int blocks = llama_model_n_layer(model), heads = std::max(1, llama_model_n_head(model));
    const int width = llama_model_n_embd(model), words = llama_vocab_n_tokens(llama_model_get_vocab(model));
    const int headSize = atoi(metadata(model, architecture + ".attention.key_length").c_str());
    const int innerSize = atoi(metadata(model, architecture + ".feed_forward_length").c_str());
    bool isTied = false;
    const std::vector<int64_t> weights = parameters(path, blocks, isTied);

    Text layers, passes;
    char text[4096];
    for (int layer = 0; layer < blocks + 2; layer++) {
        const char *comma = layer ? ", " : "", *kind = layer > blocks ? "head" : layer ? "block" : "embedding";
        snprintf(text, sizeof text, R"(%s{"kind": "%s", "parameters": %lld, "trainable": 0, "output_bytes": %lld})",
                 comma, kind, (long long)weights[layer], 4LL * tokenCount * (layer > blocks ? words : width));
        layers += text;
        snprintf(text, sizeof text, R"(%s{"forward": %d})", comma, layer);
        passes += text;
    }
    snprintf(text, sizeof text,
             R"("runtime": {"name": "llama.cpp", "version": "ggml %s %s", "device": "cpu", "instruction_set": "%s", )"
             R"("dtype": "f32", "threads": %d}, "model": {"name": %s, "hidden_size": %d, "block_count": %d, )"
             R"("head_count": %d, "key_value_head_count": %d, "head_size": %d, "intermediate_size": %d, )"
             R"("vocabulary_size": %d, "tied_embeddings": %s, "weights": %s}, "workload": {"batch": 1, )"
             R"("sequence": %d, "lora_rank": 0, "lora_alpha": 0, "lora_targets": []}, )",
             ggml_version(), ggml_commit(), instructionSet().c_str(), threads,
             quoted(name.empty() ? file : name).c_str(), width, blocks, heads, llama_model_n_head_kv(model),
             headSize ? headSize : width / heads, innerSize, words, isTied ? "true" : "false", quoted(file).c_str(),
             tokenCount);
    return R"({"version": 1, "client": "llama-forward", "pid": )" + std::to_string(getpid()) + ", " + text
        + R"("layers": [)" + layers + R"(], "passes": [)" + passes + R"(], "can": []})";
}

// ---- The program ----

static int positive(const Text &text) {
    const int value = text.size() < 8 && text.find_first_not_of("0123456789") == Text::npos ? atoi(text.c_str()) : 0;
    if (value < 1) throw std::runtime_error("not a number above zero: " + text);
    return value;
}

static void run(Step &step, const std::vector<Text> &arguments) {
    Text path, name;
    int tokenCount = 64, threads = std::max(1, int(std::thread::hardware_concurrency()));
    for (size_t i = 0; i < arguments.size(); i++) {
        const bool hasValue = i + 1 < arguments.size();
        if (arguments[i] == "--tokens" && hasValue) tokenCount = positive(arguments[++i]);
        else if (arguments[i] == "--name" && hasValue) name = arguments[++i];
        else if (arguments[i] == "--threads" && hasValue) threads = positive(arguments[++i]);
        else path = path.empty() ? arguments[i] : "-";
    }
    if (path.empty() || path[0] == '-') {
        throw std::runtime_error("usage: llama-forward MODEL.gguf [--tokens 64] [--threads N] [--name NAME]");
    }
    llama_log_set([](ggml_log_level, const char *, void *) {}, nullptr);
    ggml_backend_load_all();
    llama_model_params modelParameters = llama_model_default_params();
    ggml_backend_dev_t noDevices[] = {nullptr};  // else a GPU would be taken where llama.cpp was built for one
    modelParameters.devices = noDevices;
    llama_model *model = llama_model_load_from_file(path.c_str(), modelParameters);  // kept to the end of the program
    if (!model) throw std::runtime_error("cannot load the model " + path);

    llama_context_params parameters = llama_context_default_params();
    parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = tokenCount;  // one graph for all tokens
    parameters.n_threads = parameters.n_threads_batch = threads;
    parameters.cb_eval = onTensor;
    parameters.cb_eval_user_data = &step;
    step.context = llama_init_from_model(model, parameters);
    if (!step.context) throw std::runtime_error("cannot make a context of " + std::to_string(tokenCount) + " tokens");
    step.blocks = llama_model_n_layer(model);
    // Any tokens will do. The logits of all are computed, as in other runtimes. For those of the last one alone,
    // llama.cpp would leave the others out of half of the last block too, and blocks would not be alike.
    const int words = llama_vocab_n_tokens(llama_model_get_vocab(model));
    for (int i = 0; i < tokenCount; i++) step.tokens.push_back(llama_token((i * 7919LL + 1) % words));
    step.outputs.assign(tokenCount, 1);

    // The first step also reads the weights from the file, and shows whether all borders are found.
    if (runStep(step, true) != 0) throw std::runtime_error(step.kerf.error);
    if (step.kerf.memory) {
        const kerf_callbacks callbacks = {kerfStep, nullptr, nullptr};
        const Text message = hello(model, path, name, threads, tokenCount);
        if (kerf_serve(&step.kerf, message.c_str(), &callbacks, &step) != 0) throw std::runtime_error(step.kerf.error);
        return;
    }
    const int64_t start = kerf_nanoseconds();
    if (runStep(step, false) != 0) throw std::runtime_error(step.kerf.error);
    printf("%.3f ms\n", double(kerf_nanoseconds() - start) / 1e6);
}

int main(int count, char **arguments) {
    Step step;
    try {
        if (kerf_open(&step.kerf) < 0) throw std::runtime_error(step.kerf.error);
        run(step, std::vector<Text>(arguments + 1, arguments + count));
    } catch (const std::exception &error) {
        fprintf(stderr, "llama-forward: %s\n", error.what());
        // Kerf is still there where the program fails before it serves.
        if (step.kerf.memory) {
            kerf_fail(&step.kerf, error.what());
            kerf_answer_failed(&step.kerf);
        }
        return 1;
    }
}
