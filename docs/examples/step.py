"""A training step without a framework: two blocks that multiply numbers. It shows where marks go, and trains nothing."""

import kerf

BLOCKS, SIZE = 2, 60


def work(times):
    return [[sum(i * j for i in range(SIZE)) for j in range(SIZE)] for _ in range(times)]


def step():
    with kerf.layer(0, "forward"):
        work(1)
    for block in range(1, BLOCKS + 1):
        with kerf.layer(block, "forward"):
            work(4)
    with kerf.layer(BLOCKS + 1, "forward"):
        work(2)
    with kerf.layer(BLOCKS + 1, "backward"):
        work(2)
    for block in range(BLOCKS, 0, -1):
        with kerf.layer(block, "backward"):
            work(5)
    with kerf.update():
        work(1)


kinds = ["embedding"] + ["block"] * BLOCKS + ["head"]
kerf.serve(
    step,
    layers=[
        {"kind": kind, "parameters": 4096, "trainable": 256 if kind == "block" else 0, "output_bytes": 1024}
        for kind in kinds
    ],
    runtime={
        "name": "python", "version": "3", "device": "cpu", "instruction_set": "none", "dtype": "f32", "threads": 1,
    },
    model={
        "name": "example", "hidden_size": 16, "block_count": BLOCKS, "head_count": 2, "key_value_head_count": 2,
        "head_size": 8, "intermediate_size": 32, "vocabulary_size": 64, "tied_embeddings": False, "weights": "none",
    },
    workload={
        "batch": 1, "sequence": 16, "lora_rank": 4, "lora_alpha": 8, "lora_targets": ["q", "v"],
    },
)
