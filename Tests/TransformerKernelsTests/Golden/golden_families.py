"""Losses and LoRA gradients of a small model of each family by Hugging Face's modules, PEFT's LoRA and PyTorch's autograd.

Writes families.json beside this file: for each case the config.json as transformers saves it, the names and shapes of the
checkpoint's tensors with the names that gguf-py gives them, the loss and the gradients. Needs torch, transformers, peft and
gguf; their versions are in the file. The weights are those of SeededWeights.swift, made again here from the seed.
"""

import json
import pathlib
import tempfile

import gguf
import peft
import torch
import transformers
from golden import PROJECTIONS, SCALE, numbers, seeded

SMALL = dict(
    vocab_size=37, hidden_size=24, intermediate_size=19, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, rms_norm_eps=1e-5, max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2)
ROPE = {"rope_type": "default", "rope_theta": 100.0}


LONGROPE = {"rope_type": "longrope", "rope_theta": 100.0, "partial_rotary_factor": 0.75,
            "short_factor": [1.0, 1.5, 2.0], "long_factor": [1.0, 3.0, 8.0]}


def rope(**changes):
    return {"rope_parameters": ROPE | changes}


CASES = [
    dict(name="qwen2", model="Qwen2", config=SMALL | rope()),
    dict(name="qwen2 with a window in its second block", model="Qwen2", targets=["q", "k", "o"],
         config=SMALL | rope() | dict(
             use_sliding_window=True, sliding_window=4, max_window_layers=1, tie_word_embeddings=True)),
    dict(name="qwen3", model="Qwen3", config=SMALL | rope() | dict(head_dim=8, tie_word_embeddings=True)),
    dict(name="mistral", model="Mistral", config=SMALL | rope() | dict(sliding_window=4)),
    dict(name="phi3", model="Phi3", config=SMALL | rope(partial_rotary_factor=0.75) | dict(
        hidden_size=32, sliding_window=5)),
    dict(name="phi3 with longrope, a long sequence", model="Phi3", targets=["q", "k", "v"],
         config=SMALL | dict(hidden_size=32, original_max_position_embeddings=4, rope_parameters=LONGROPE)),
    dict(name="phi3 with longrope, a short sequence", model="Phi3", targets=["q", "gate", "up"],
         config=SMALL | dict(hidden_size=32, original_max_position_embeddings=16, rope_parameters=LONGROPE)),
    dict(name="gemma2", model="Gemma2", config=SMALL | rope() | dict(
        head_dim=8, query_pre_attn_scalar=5, sliding_window=3, attn_logit_softcapping=2.0,
        final_logit_softcapping=3.0)),
    dict(name="gemma3", model="Gemma3", config_class="Gemma3Text", config=SMALL | dict(
        head_dim=8, query_pre_attn_scalar=8, sliding_window=3, num_hidden_layers=3,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        rope_parameters={"full_attention": {"rope_type": "linear", "factor": 2.0, "rope_theta": 100.0},
                         "sliding_attention": {"rope_type": "default", "rope_theta": 50.0}})),
]


class SeparatePairs(torch.nn.Module):
    """A frozen projection of several outputs with a LoRA pair for each, as Kerf has them."""

    def __init__(self, linear, sizes, pairs, scale):
        super().__init__()
        self.linear, self.sizes, self.scale = linear, sizes, scale
        self.pairs = torch.nn.ModuleDict({
            name: torch.nn.ParameterDict({"a": torch.nn.Parameter(a), "b": torch.nn.Parameter(b)})
            for name, (a, b) in pairs.items()})

    def forward(self, x):
        parts = []
        for part, name in zip(self.linear(x).split(list(self.sizes.values()), dim=-1), self.sizes):
            if name in self.pairs:
                pair = self.pairs[name]
                part = part + self.scale * (x @ pair["a"].T @ pair["b"].T)
            parts.append(part)
        return torch.cat(parts, dim=-1)


def build(case):
    config_class = getattr(transformers, case.get("config_class", case["model"]) + "Config")
    config = config_class(**case["config"], attn_implementation="eager")
    model = getattr(transformers, case["model"] + "ForCausalLM")(config).double()
    is_gemma = case["model"].startswith("Gemma")
    width, vocabulary = config.hidden_size, config.vocab_size

    def matrix(index, rows, columns):
        return seeded(index, rows, columns) * SCALE

    def norm(index, size):
        # As f32 holds it; Gemma's modules add 1 to what they store.
        return (seeded(index, size) + 1.5).float().double() - (1 if is_gemma else 0)

    with torch.no_grad():
        model.model.embed_tokens.weight.copy_(matrix(0, vocabulary, width))
        if not config.tie_word_embeddings:
            model.lm_head.weight.copy_(matrix(1, vocabulary, width))
        model.model.norm.weight.copy_(norm(2, width))
        for index, layer in enumerate(model.model.layers):
            attention, mlp, first = layer.self_attn, layer.mlp, 10 * index
            size = attention.head_dim
            rows = {"q": config.num_attention_heads * size, "k": config.num_key_value_heads * size,
                    "v": config.num_key_value_heads * size, "o": width,
                    "gate": config.intermediate_size, "up": config.intermediate_size, "down": width}
            columns = {"o": rows["q"], "down": rows["gate"]}
            weights = {
                name: matrix(12 + first + place, rows[name], columns.get(name, width))
                for place, name in enumerate(PROJECTIONS)}
            layer.input_layernorm.weight.copy_(norm(10 + first, width))
            if is_gemma:
                layer.post_attention_layernorm.weight.copy_(norm(302 + first, width))
                layer.pre_feedforward_layernorm.weight.copy_(norm(11 + first, width))
                layer.post_feedforward_layernorm.weight.copy_(norm(303 + first, width))
            else:
                layer.post_attention_layernorm.weight.copy_(norm(11 + first, width))
            if hasattr(attention, "q_norm"):
                attention.q_norm.weight.copy_(norm(300 + first, size))
                attention.k_norm.weight.copy_(norm(301 + first, size))
            if hasattr(attention, "qkv_proj"):
                attention.qkv_proj.weight.copy_(torch.cat([weights[name] for name in "qkv"]))
                mlp.gate_up_proj.weight.copy_(torch.cat([weights["gate"], weights["up"]]))
            for name in PROJECTIONS:
                module = getattr(attention if name in "qkvo" else mlp, name + "_proj", None)
                if module is None:
                    continue
                module.weight.copy_(weights[name])
                if module.bias is not None:
                    module.bias.copy_(seeded(304 + first + PROJECTIONS.index(name), rows[name]) * SCALE)
    return config, model


def adapted(config, model, targets, rank):
    """The model with LoRA, and its pairs by layer and projection."""
    def values(layer, place, letter, *shape):
        return seeded(500 + 100 * layer + 2 * place + letter, *shape)

    def size(module):
        return module.weight.shape

    is_fused = hasattr(model.model.layers[0].self_attn, "qkv_proj")
    if is_fused:
        pairs = {}
        for index, layer in enumerate(model.model.layers):
            head = layer.self_attn.head_dim
            groups = [
                (layer.self_attn, "qkv_proj", {"q": config.num_attention_heads * head,
                                               "k": config.num_key_value_heads * head,
                                               "v": config.num_key_value_heads * head}),
                (layer.self_attn, "o_proj", {"o": config.hidden_size}),
                (layer.mlp, "gate_up_proj", {"gate": config.intermediate_size, "up": config.intermediate_size}),
                (layer.mlp, "down_proj", {"down": config.hidden_size})]
            for owner, name, sizes in groups:
                linear = getattr(owner, name)
                own = {
                    part: (values(index, targets.index(part), 0, rank, size(linear)[1]),
                           values(index, targets.index(part), 1, rows, rank))
                    for part, rows in sizes.items() if part in targets}
                module = SeparatePairs(linear, sizes, own, 3 / rank)
                setattr(owner, name, module)
                pairs |= {(index, part): (pair["a"], pair["b"]) for part, pair in module.pairs.items()}
        return model, pairs
    lora = peft.LoraConfig(
        r=rank, lora_alpha=3, lora_dropout=0, target_modules=[name + "_proj" for name in targets])
    model = peft.get_peft_model(model, lora).double()
    parameters = dict(model.named_parameters())
    pairs = {}
    with torch.no_grad():
        for index in range(config.num_hidden_layers):
            for place, name in enumerate(targets):
                part = "self_attn" if name in "qkvo" else "mlp"
                prefix = f"base_model.model.model.layers.{index}.{part}.{name}_proj.lora_"
                pair = parameters[prefix + "A.default.weight"], parameters[prefix + "B.default.weight"]
                for letter, matrix in enumerate(pair):
                    matrix.copy_(values(index, place, letter, *matrix.shape))
                pairs[index, name] = pair
    return model, pairs


def saved_config(config):
    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)
        return (pathlib.Path(folder) / "config.json").read_text()


def tensors(config, model):
    """Names and shapes of a checkpoint, with the names in GGUF."""
    architecture = {"gemma3_text": "gemma3", "mistral": "llama"}.get(config.model_type, config.model_type)
    names = gguf.get_tensor_name_map(
        {name: key for key, name in gguf.MODEL_ARCH_NAMES.items()}[architecture], config.num_hidden_layers)
    return architecture, {
        name: {"shape": list(tensor.shape), "gguf": names.get_name(name, try_suffixes=(".weight", ".bias"))}
        for name, tensor in model.state_dict().items()
        if not (name == "lm_head.weight" and config.tie_word_embeddings)}


def run(case):
    config, model = build(case)
    architecture, checkpoint = tensors(config, model)
    targets, rank, batch, sequence = case.get("targets", PROJECTIONS), 2, 2, 9
    model, pairs = adapted(config, model, targets, rank)
    count = batch * sequence
    tokens = torch.tensor([(i * 13 + 5) % 37 for i in range(count)]).reshape(batch, -1)
    wanted = torch.tensor([-100 if i % 4 == 2 else (i * 7 + 3) % 37 for i in range(count)])
    mask = torch.ones_like(tokens)
    logits = model(input_ids=tokens, attention_mask=mask, use_cache=False).logits
    loss = torch.nn.functional.cross_entropy(logits.reshape(count, -1).double(), wanted)
    loss.backward()
    return {
        "name": case["name"], "config": saved_config(config), "architecture": architecture, "tensors": checkpoint,
        "rank": rank, "targets": targets, "batch": batch, "sequence": sequence, "loss": loss.item(),
        "gradients": [
            {"layer": layer + 1, "projection": name, "a": numbers(a.grad), "b": numbers(b.grad)}
            for (layer, name), (a, b) in pairs.items()]}


if __name__ == "__main__":
    torch.manual_seed(0)
    document = {
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
        "cases": [run(case) for case in CASES],
    }
    path = pathlib.Path(__file__).with_name("families.json")
    path.write_text(json.dumps(document, indent=None) + "\n")
    for case in document["cases"]:
        print(case["name"], case["loss"], len(case["gradients"]))
