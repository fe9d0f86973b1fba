#!/usr/bin/env python3
"""Writes GoldenBlocks.swift, GoldenTensors.swift and GoldenSafetensors.swift into Support.

An independent implementation decodes what Kerf must decode: the Python package `gguf` (0.19.0) for GGUF, and
`safetensors` (0.8.0) for safetensors, with numpy 2.4. Run it only when a format is added:

    python3 make_golden.py SmolLM2-135M-Instruct.Q4_1.gguf

Blocks have random codes and finite random scales, from a fixed seed. Rows of q and k are put back into Hugging Face's
order as transformers does when it loads a GGUF file (modeling_gguf_pytorch_utils.py).
"""

import pathlib
import sys

import gguf
import numpy as np
from gguf.quants import dequantize
from safetensors.numpy import save

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Support"
TYPES = gguf.GGMLQuantizationType
SCALE_OFFSETS = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q4_K": [0, 2], "Q6_K": [208]}
SPECIAL_HALVES = [0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x3C00, 0x3555, 0xC248, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00]
SPECIAL_BFLOATS = [0x0000, 0x8000, 0x0001, 0x0080, 0x3F80, 0xBEAB, 0x4049, 0x7F7F, 0xFF7F, 0x7F80, 0xFF80]


def text(data, indent):
    """Hexadecimal text as a Swift multi-line string; each line but the last goes on in the next."""
    digits = data.hex()
    lines = [digits[i : i + 96] for i in range(0, len(digits), 96)]
    pad = " " * indent
    return '"""\n' + " \\\n".join(pad + line for line in lines) + "\n" + pad + '"""'


def blocks(name, random):
    block_size, type_size = gguf.GGML_QUANT_SIZES[TYPES[name]]
    if name == "F16":
        return np.array(SPECIAL_HALVES, "<u2").view(np.uint8)
    if name == "BF16":
        return np.array(SPECIAL_BFLOATS, "<u2").view(np.uint8)
    if name == "F32":
        return np.array([0.0, -0.0, 1.5, -3.25e-30, 1e38, np.inf], "<f4").view(np.uint8)
    count = 2 if block_size == 32 else 1
    data = random.integers(0, 256, (count, type_size), dtype=np.uint8)
    for offset in SCALE_OFFSETS[name]:
        scales = random.uniform(-0.1, 0.1, count).astype("<f2")
        data[:, offset : offset + 2] = scales.view(np.uint8).reshape(count, 2)
    return data.reshape(-1)


def golden_blocks():
    random = np.random.default_rng(20_260)
    out = [
        "/// Blocks of every handled format and the f32 values that the Python package gguf 0.19.0 decodes them to, both",
        "/// as little-endian bytes in hexadecimal. Written by Reference/make_golden.py.",
        "enum GoldenBlocks {",
        "    static let all: [(format: String, blocks: String, values: String)] = [",
    ]
    for name in ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q6_K"]:
        data = blocks(name, random)
        values = dequantize(data, TYPES[name]).astype("<f4").tobytes()
        out += ["        (", f'            "{name}",', f"            {text(data.tobytes(), 12)},"]
        out += [f"            {text(values, 12)}", "        ),"]
    (FOLDER / "GoldenBlocks.swift").write_text("\n".join(out + ["    ]", "}"]) + "\n")


def hugging_face_rows(weights, heads):
    rows, columns = weights.shape
    return weights.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def golden_tensors(path):
    reader = gguf.GGUFReader(path)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    wanted = [
        (".embedding", "token_embd.weight", 0),
        (".attentionNorm(block: 3)", "blk.3.attn_norm.weight", 0),
        (".mlpNorm(block: 17)", "blk.17.ffn_norm.weight", 0),
        (".projection(.q, block: 0)", "blk.0.attn_q.weight", 9),
        (".projection(.k, block: 29)", "blk.29.attn_k.weight", 3),
        (".projection(.v, block: 7)", "blk.7.attn_v.weight", 0),
        (".projection(.o, block: 12)", "blk.12.attn_output.weight", 0),
        (".projection(.gate, block: 20)", "blk.20.ffn_gate.weight", 0),
        (".projection(.up, block: 1)", "blk.1.ffn_up.weight", 0),
        (".projection(.down, block: 29)", "blk.29.ffn_down.weight", 0),
        (".finalNorm", "output_norm.weight", 0),
    ]
    out = [
        "import ModelFiles",
        "",
        "/// Whole tensors of SmolLM2-135M-Instruct, Q4_1, as the Python package gguf 0.19.0 decodes them, with the rows of",
        "/// q and k in Hugging Face's order. Written by Reference/make_golden.py.",
        "struct GoldenTensor {",
        "    var role: TensorRole",
        "    var sum: Double",
        "    var absoluteSum: Double",
        "    /// Sum of element i times (i mod 1009), which a change of order changes.",
        "    var weightedSum: Double",
        "    /// Bit patterns of single elements, by index.",
        "    var elements: [Int: UInt32]",
        "",
        "    static let smolLM2: [GoldenTensor] = [",
    ]
    for role, name, heads in wanted:
        tensor = tensors[name]
        values = dequantize(tensor.data, tensor.tensor_type)
        values = hugging_face_rows(values, heads) if heads else values
        flat = values.astype(np.float32).reshape(-1)
        double = flat.astype(np.float64)
        weighted = float((double * (np.arange(flat.size) % 1009)).sum())
        picks = sorted({0, 1, flat.size // 3, flat.size // 2 + 5, flat.size - 1})
        bits = flat.view(np.uint32)
        elements = ", ".join(f"{i}: 0x{int(bits[i]):08X}" for i in picks)
        out += [
            "        GoldenTensor(",
            f"            role: {role}, sum: {float(double.sum())!r},",
            f"            absoluteSum: {float(abs(double).sum())!r}, weightedSum: {weighted!r},",
            f"            elements: [{elements}]),",
        ]
    (FOLDER / "GoldenTensors.swift").write_text("\n".join(out + ["    ]", "}"]) + "\n")


def golden_safetensors():
    data = save({"a": np.array([[1.5, -2.0, 0.25]], "<f4"), "b": np.array([1.0, 65504.0], "<f2")}, {"format": "np"})
    out = [
        "/// A file with tensor a, f32, 1 x 3: 1.5, -2, 0.25, and tensor b, f16, 2: 1, 65504, as the Python package",
        "/// safetensors 0.8.0 writes it. Written by Reference/make_golden.py.",
        "enum GoldenSafetensors {",
        f"    static let file = {text(data, 8)}",
        "}",
    ]
    (FOLDER / "GoldenSafetensors.swift").write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    golden_blocks()
    golden_safetensors()
    golden_tensors(sys.argv[1])
