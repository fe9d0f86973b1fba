"""What the message `hello` says about a PyTorch program."""

from __future__ import annotations

import re
import sys
from typing import Any, Iterable, Optional

import torch
from torch import nn

from .._client import KerfError

# Names of Kerf, and those of Hugging Face configurations for the same.
_MODEL_KEYS = {
    "hidden_size": ("hidden_size", "n_embd", "d_model"),
    "block_count": ("num_hidden_layers", "n_layer", "num_layers"),
    "head_count": ("num_attention_heads", "n_head", "num_heads"),
    "intermediate_size": ("intermediate_size", "n_inner", "d_ff", "ffn_dim"),
    "vocabulary_size": ("vocab_size",),
}
_TARGETS = {
    "q_proj": "q", "k_proj": "k", "v_proj": "v", "o_proj": "o", "gate_proj": "gate", "up_proj": "up",
    "down_proj": "down", "qkv_proj": "qkv", "query_key_value": "qkv", "c_attn": "qkv", "gate_up_proj": "gate up",
}
_TARGET_ORDER = ("q", "k", "v", "o", "gate", "up", "down")
_DTYPES = {torch.float32: "f32", torch.bfloat16: "bf16", torch.float16: "f16"}


def find_blocks(model: nn.Module, pattern: str) -> "list[nn.Module]":
    """The blocks in order: modules whose name matches, numbered from 0 in one list."""
    for name, module in model.named_modules():
        # Asked by name, since torch._dynamo takes seconds to import.
        if type(module).__name__ == "OptimizedModule" or getattr(module, "_compiled_call_impl", None) is not None:
            raise KerfError(
                f"{name or 'the model'} is compiled, and layers cannot be told apart in compiled code: pass the model "
                "as it is before torch.compile, and let the step call that one")
    lists: "dict[str, dict[int, nn.Module]]" = {}
    names: "dict[int, str]" = {}
    for name, module in model.named_modules():
        match = re.search(pattern, name)
        if match:
            if match.re.groups < 1 or not (match.group(1) or "").isdigit():
                raise KerfError(f"blocks={pattern!r} needs a group around the number, as in r'layers\\.(\\d+)$'")
            lists.setdefault(name[:match.start(1)], {})[int(match.group(1))] = module
    if not lists:
        with_number = [name for name, _ in model.named_modules() if re.search(r"\.\d+$", name)]
        some = ", ".join(with_number[:3]) or ", ".join(name for name, _ in list(model.named_modules())[1:4])
        raise KerfError(f"no module's name matches blocks={pattern!r}; there are, for example, {some}")
    if len(lists) > 1:
        some = ", ".join(f"{prefix}0" for prefix in list(lists)[:3])
        raise KerfError(f"blocks={pattern!r} matches several lists ({some}): pass an expression that matches one")
    ((prefix, found),) = lists.items()
    if sorted(found) != list(range(len(found))):
        numbers = ", ".join(f"{prefix}{number}" for number in sorted(found)[:4])
        raise KerfError(f"blocks={pattern!r} matches {numbers}, which are not numbered from 0 without gaps")
    return [found[number] for number in range(len(found))]


def runtime(device: torch.device, dtype: torch.dtype) -> dict:
    if dtype not in _DTYPES:
        raise KerfError(f"the blocks compute in {dtype}; Kerf knows {', '.join(map(str, _DTYPES))}")
    packages = {}
    for name in ("peft", "transformers", "accelerate"):
        version = getattr(sys.modules.get(name), "__version__", None)
        if version is not None:
            packages[name] = str(version)
    return {
        "name": "pytorch", "version": str(torch.__version__), "accelerators": accelerators(device),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "instruction_set": torch.backends.cpu.get_cpu_capability(), "dtype": _DTYPES[dtype],
        "threads": torch.get_num_threads(), "packages": packages}


def accelerators(device: torch.device) -> "list[str]":
    """The UUID of the device, by which the driver knows it whatever CUDA_VISIBLE_DEVICES says; none before PyTorch 2.4."""
    uuid = getattr(torch.cuda.get_device_properties(device), "uuid", None) if device.type == "cuda" else None
    return [] if uuid is None else [str(uuid)]


def model(module: nn.Module, block_count: int, given: Optional[dict]) -> dict:
    """The model's sizes, from `model.config` where `given` does not have them."""
    config = getattr(module, "config", None)
    config = getattr(config, "text_config", config)

    def value(*names: str) -> Any:
        for name in names:
            found = config.get(name) if isinstance(config, dict) else getattr(config, name, None)
            if found is not None:
                return found
        return None

    info = {key: value(*names) for key, names in _MODEL_KEYS.items()}
    info.update(given or {})
    if info["intermediate_size"] is None and value("n_embd") is not None:
        info["intermediate_size"] = 4 * info["hidden_size"]  # GPT-2's default
    missing = [key for key, found in info.items() if found is None]
    if missing:
        raise KerfError(
            f"the model's config does not tell {', '.join(missing)}: pass model_info={{{missing[0]!r}: ...}} to serve()")
    if info["block_count"] != block_count:
        raise KerfError(f"the config has {info['block_count']} blocks, and {block_count} were found: check blocks=")
    path = str(value("_name_or_path") or "").rstrip("/")
    last = path.rsplit("/", 1)[-1]
    defaults = {
        "name": last.lower() or value("model_type") or type(module).__name__.lower(),
        "key_value_head_count": value("num_key_value_heads") or info["head_count"],
        "head_size": value("head_dim") or info["hidden_size"] // info["head_count"],
        "tied_embeddings": bool(value("tie_word_embeddings")),
        "weights": last or "random"}
    return {**defaults, **info}


def lora(module: nn.Module) -> dict:
    """Rank, alpha and targets of PEFT's adapters; rank 0 without them."""
    rank = alpha = 0
    for config in getattr(module, "peft_config", {}).values():
        rank, alpha = getattr(config, "r", 0) or 0, getattr(config, "lora_alpha", 0) or 0
    targets = set()
    for name, part in module.named_modules():
        if hasattr(part, "lora_A"):
            mapped = _TARGETS.get(name.rsplit(".", 1)[-1], "")
            targets.update(("q", "k", "v") if mapped == "qkv" else mapped.split())
    if not rank:
        return {"lora_rank": 0, "lora_alpha": 0, "lora_targets": []}
    return {"lora_rank": rank, "lora_alpha": alpha,
            "lora_targets": [target for target in _TARGET_ORDER if target in targets]}


def layer(kind: str, parameters: Iterable[nn.Parameter], output_bytes: int) -> dict:
    unique = {id(parameter): parameter for parameter in parameters}.values()
    return {
        "kind": kind, "parameters": sum(parameter.numel() for parameter in unique),
        "trainable": sum(parameter.numel() for parameter in unique if parameter.requires_grad),
        "output_bytes": output_bytes}
