"""A forward step of ONNX Runtime, with one file and one session for each layer.

ONNX Runtime does not say when a layer begins inside a session. So the model is cut into files, in one folder:
embedding.onnx, block-01.onnx and so on, head.onnx. Each has one input and one output, and takes what the file before it
gives. The embedding takes numbers of tokens, int64 [batch, sequence]. model.json holds what the files do not say:
`model` of the message `hello`, in Kerf's docs/markers.md.

    kerf profile --out onnx.json -- python3 docs/examples/onnx_step.py FOLDER

It needs the packages onnxruntime, onnx and numpy. With --make it first writes a small model, to try it at once.
"""

import argparse
import json
import math
import pathlib
import platform

import numpy
import onnx.parser
import onnxruntime

import kerf

# The model that --make writes. It has one attention head, and no positions and no mask, which cost little time.
BLOCKS, HIDDEN, INTERMEDIATE, VOCABULARY = 6, 256, 704, 8192
BLOCK = f"""
    a = LayerNormalization(x, norm_1)
    q = MatMul(a, query)  k = MatMul(a, key)  v = MatMul(a, value)
    columns = Transpose<perm = [0, 2, 1]>(k)  products = MatMul(q, columns)
    scale = Constant<value_float = {HIDDEN ** -0.5}>()  scaled = Mul(products, scale)
    shares = Softmax<axis = -1>(scaled)  mixed = MatMul(shares, v)  o = MatMul(mixed, output)
    attended = Add(x, o)
    b = LayerNormalization(attended, norm_2)
    g = MatMul(b, gate)  sigmoid = Sigmoid(g)  silu = Mul(g, sigmoid)
    u = MatMul(b, up)  product = Mul(silu, u)  d = MatMul(product, down)
    y = Add(attended, d)"""
random = numpy.random.default_rng(1)


def write_layer(path, graph, inputs, width, **shapes):
    """Writes a layer, whose graph leads from x to y, with random weights of these shapes."""
    layer = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["": 17]> '
        f"layer ({inputs} x) => (float[batch, sequence, {width}] y) {{ {graph} }}"
    )
    for name, shape in shapes.items():
        weights = 0.02 * random.standard_normal(shape, dtype=numpy.float32)
        layer.graph.initializer.append(onnx.numpy_helper.from_array(weights, name))
    onnx.save(layer, path)


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    norm, square, wide = (HIDDEN,), (HIDDEN, HIDDEN), (HIDDEN, INTERMEDIATE)
    activations = f"float[batch, sequence, {HIDDEN}]"
    gather, tokens = "y = Gather(words, x)", "int64[batch, sequence]"
    write_layer(folder / "embedding.onnx", gather, tokens, HIDDEN, words=(VOCABULARY, HIDDEN))
    for block in range(1, BLOCKS + 1):
        write_layer(
            folder / f"block-{block:02}.onnx", BLOCK, activations, HIDDEN, norm_1=norm, norm_2=norm,
            query=square, key=square, value=square, output=square, gate=wide, up=wide, down=wide[::-1],
        )
    head = "a = LayerNormalization(x, norm)  y = MatMul(a, words)"
    write_layer(folder / "head.onnx", head, activations, VOCABULARY, norm=norm, words=(HIDDEN, VOCABULARY))
    (folder / "model.json").write_text(json.dumps({
        "name": "example-onnx", "hidden_size": HIDDEN, "block_count": BLOCKS, "head_count": 1,
        "key_value_head_count": 1, "head_size": HIDDEN, "intermediate_size": INTERMEDIATE,
        "vocabulary_size": VOCABULARY, "tied_embeddings": False, "weights": "random",
    }))


parser = argparse.ArgumentParser()
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--make", action="store_true", help="write a small model into the folder first")
parser.add_argument("--sequence", type=int, default=64)
parser.add_argument("--threads", type=int, default=1)
arguments = parser.parse_args()
folder = arguments.folder
if arguments.make:
    make(folder)
if not (folder / "model.json").exists():
    parser.error(f"{folder} has no model.json; --make writes a model")
model = json.loads((folder / "model.json").read_text())
files = [folder / "embedding.onnx", *sorted(folder.glob("block-*.onnx")), folder / "head.onnx"]

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = arguments.threads
# Threads of a session that has ended its layer would else spin, and take processors from the next one.
options.add_session_config_entry("session.intra_op.allow_spinning", "0")
sessions = [onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"]) for file in files]
inputs = [session.get_inputs()[0].name for session in sessions]
tokens = random.integers(model["vocabulary_size"], size=(1, arguments.sequence))
output_bytes = [0] * len(files)


def step():
    values = tokens
    for index, session in enumerate(sessions):
        with kerf.layer(index, "forward"):
            (values,) = session.run(None, {inputs[index]: values})
            output_bytes[index] = values.nbytes


def parameters(file):
    layer = onnx.load(file, load_external_data=False)
    return sum(math.prod(weights.dims) for weights in layer.graph.initializer)


step()  # shows how large the outputs are
kinds = ["embedding"] + ["block"] * (len(files) - 2) + ["head"]
kerf.serve(
    step,
    layers=[
        {"kind": kind, "parameters": parameters(file), "trainable": 0, "output_bytes": size}
        for kind, file, size in zip(kinds, files, output_bytes)
    ],
    runtime={
        "name": "onnxruntime", "version": onnxruntime.__version__, "device": "cpu",
        "instruction_set": platform.machine(), "dtype": "f32", "threads": arguments.threads,
    },
    model=model,
    workload={"batch": 1, "sequence": arguments.sequence, "lora_rank": 0, "lora_alpha": 0, "lora_targets": []},
)
