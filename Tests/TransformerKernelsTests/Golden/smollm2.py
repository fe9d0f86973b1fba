"""Mean cross-entropy of SmolLM2-135M-Instruct from its Q4_1 GGUF file, by Hugging Face transformers in f32.

Usage: smollm2.py FOLDER, which has the file. Writes smollm2-135m.json beside this script, with the token ids of the
text below, the loss of each next token's prediction, and the versions. transformers reads and dequantizes the file
itself (by gguf-py), and its Llama model computes: nothing of Kerf takes part.
"""

import hashlib
import json
import pathlib
import sys

import torch
import transformers
from importlib.metadata import version

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"

TEXT = """A kerf is the width of material that a saw removes: what a cut costs. The old joiner in our street kept \
three saws for three kinds of cut, and he would not lend the thinnest one to anybody. A thick blade, he said, is \
quick and forgiving, but every board you divide loses a little more than you had planned for, and after twenty boards \
the drawer no longer fits its chest. So before he cut anything he took a scrap of the same wood, made one cut across \
it, and measured what was gone. He did this in winter and again in summer, because wet oak closes on the blade and dry \
oak does not. When I asked him why he did not simply read the number that the maker had stamped on the steel, he \
laughed and handed me the calipers. The number was right, he told me, for the maker's wood, in the maker's hands, on \
the day the maker was in a good mood. He wrote his own numbers on the wall beside the bench, in pencil, with the date, \
and he trusted nothing older than a season. I have worked with machines that are far more expensive than his saws, and \
I still think of that wall whenever somebody tells me what a thing ought to cost instead of what it does cost.
"""


def main(folder):
    path = pathlib.Path(folder) / FILE
    model = transformers.LlamaForCausalLM.from_pretrained(folder, gguf_file=FILE, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=FILE)
    ids = tokenizer(TEXT, add_special_tokens=False)["input_ids"]
    losses = []
    with torch.no_grad():
        for count in (64, 256):
            tokens = torch.tensor([ids[: count + 1]])
            logits = model(input_ids=tokens[:, :-1]).logits[0]
            losses.append({"tokens": count, "loss": torch.nn.functional.cross_entropy(logits, tokens[0, 1:]).item()})
    document = {
        "file": FILE,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "gguf": version("gguf")},
        "ids": ids[:257],
        "losses": losses,
    }
    pathlib.Path(__file__).with_name("smollm2-135m.json").write_text(json.dumps(document) + "\n")
    print(len(ids), losses)


if __name__ == "__main__":
    main(sys.argv[1])
