"""Loss and LoRA gradients of a small Llama by Hugging Face's model, PEFT's LoRA and PyTorch's autograd.

Writes tiny-llama.json beside this file. Needs torch, transformers and peft; their versions are in the file. The
weights are those of SeededWeights.swift, made again here from the seed, so that the fixture holds results alone.
"""

import json
import pathlib

import peft
import torch
import transformers

SEED = 42
SCALE = 0.75
PROJECTIONS = ["q", "k", "v", "o", "gate", "up", "down"]
MASK = (1 << 64) - 1


def splitmix64(seed, count):
    state = seed
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        yield mixed ^ (mixed >> 31)


def seeded(index, *shape):
    """The tensor of an index, in ±0.5, exact in f32."""
    count = torch.Size(shape).numel()
    numbers = [(number >> 40) / (1 << 24) - 0.5 for number in splitmix64(SEED * 1000 + index, count)]
    return torch.tensor(numbers, dtype=torch.float64).reshape(shape)


def model_of(case):
    config = transformers.LlamaConfig(
        vocab_size=37, hidden_size=20, intermediate_size=19, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=6, rms_norm_eps=1e-5, max_position_embeddings=64,
        tie_word_embeddings=case["tied"], rope_parameters=case["rope"], attn_implementation="eager")
    model = transformers.LlamaForCausalLM(config)
    with torch.no_grad():
        model.model.embed_tokens.weight.copy_(seeded(0, 37, 20) * SCALE)
        if not case["tied"]:
            model.lm_head.weight.copy_(seeded(1, 37, 20) * SCALE)
        model.model.norm.weight.copy_(seeded(2, 20) + 1.5)
        for index, layer in enumerate(model.model.layers):
            layer.input_layernorm.weight.copy_(seeded(10 + 10 * index, 20) + 1.5)
            layer.post_attention_layernorm.weight.copy_(seeded(11 + 10 * index, 20) + 1.5)
            for place, name in enumerate(PROJECTIONS):
                part = layer.self_attn if name in "qkvo" else layer.mlp
                weight = getattr(part, name + "_proj").weight
                weight.copy_(seeded(12 + 10 * index + place, *weight.shape) * SCALE)
    return model


def run(case):
    lora = peft.LoraConfig(
        r=case["rank"], lora_alpha=3, lora_dropout=0, target_modules=[name + "_proj" for name in case["targets"]])
    model = peft.get_peft_model(model_of(case), lora).double()
    parameters = dict(model.named_parameters())

    def pair(layer, name):
        part = "self_attn" if name in "qkvo" else "mlp"
        prefix = f"base_model.model.model.layers.{layer}.{part}.{name}_proj.lora_"
        return parameters[prefix + "A.default.weight"], parameters[prefix + "B.default.weight"]

    with torch.no_grad():
        for layer in range(2):
            for place, name in enumerate(case["targets"]):
                for letter, matrix in enumerate(pair(layer, name)):
                    matrix.copy_(seeded(500 + 100 * layer + 2 * place + letter, *matrix.shape))

    count = case["batch"] * case["sequence"]
    tokens = torch.tensor([(i * 13 + 5) % 37 for i in range(count)]).reshape(case["batch"], -1)
    targets = torch.tensor([-100 if i % 4 == 2 else (i * 7 + 3) % 37 for i in range(count)])
    loss = torch.nn.functional.cross_entropy(model(input_ids=tokens).logits.reshape(count, -1), targets)
    loss.backward()
    gradients = [
        {"layer": layer + 1, "projection": name, "a": numbers(a.grad), "b": numbers(b.grad)}
        for layer in range(2) for name in case["targets"] for a, b in [pair(layer, name)]]
    return {**case, "loss": loss.item(), "gradients": gradients}


def numbers(tensor):
    return [float(f"{value:.9g}") for value in tensor.flatten().tolist()]


CASES = [
    {"rope": {"rope_type": "default", "rope_theta": 100.0}, "tied": False, "rank": 2, "targets": PROJECTIONS,
     "batch": 2, "sequence": 5},
    {"rope": {"rope_type": "llama3", "rope_theta": 100.0, "factor": 8.0, "low_freq_factor": 1.0,
              "high_freq_factor": 4.0, "original_max_position_embeddings": 20},
     "tied": True, "rank": 1, "targets": ["q", "v"], "batch": 1, "sequence": 9},
]

if __name__ == "__main__":
    torch.manual_seed(0)
    # The seeded weights are exact in f32 and the model's are f32 when they are copied; the arithmetic is in double.
    document = {
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
        "cases": [run(case) for case in CASES],
    }
    path = pathlib.Path(__file__).with_name("tiny-llama.json")
    path.write_text(json.dumps(document, indent=None) + "\n")
    print([case["loss"] for case in document["cases"]])
