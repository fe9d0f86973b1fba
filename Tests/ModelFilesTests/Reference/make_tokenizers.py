"""Writes small tokenizers and what the Python packages `tokenizers` and `sentencepiece` make of a corpus.

    python make_tokenizers.py golden GGUF               # writes ../Golden/tokenizers, for the tests
    python make_tokenizers.py cases OUT LINES [GGUF]    # writes folders for KERF_TOKENIZER_CASES

Needs tokenizers 0.23.3, sentencepiece 0.2.3 and gguf 0.19.0. Every folder holds a tokenizer (`tokenizer.json` or
`model.gguf`; `source.txt` names one elsewhere) and `expected.jsonl`: a text, its ids without and with the special tokens
that the file adds, and the ids' text without special tokens.
"""

import io
import json
import pathlib
import shutil
import sys

import gguf
import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import tokenizer_corpus as corpus

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6


def byte_level(size, steps, seed, special=("<|endoftext|>", "<|im_start|>", "<|im_end|>"), normalizer=None, **settings):
    """A byte-level BPE trained on a generated corpus."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(special), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False)
    tokenizer.train_from_iterator(corpus.plain_lines(seed, 3000), trainer)
    content = json.loads(tokenizer.to_str())
    content["model"].update(settings)
    return Tokenizer.from_str(json.dumps(content))


def llama3_plain(size, bos=False):
    steps = [
        pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]
    tokenizer = byte_level(size, steps, 1, ignore_merges=True)
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", 0)])
    return tokenizer


def llama3(size):
    tokenizer = llama3_plain(size)
    tokenizer.add_tokens([
        AddedToken("<mask>", lstrip=True, special=True, normalized=False),
        AddedToken("<sep>", rstrip=True, special=False, normalized=False),
        AddedToken("wort", single_word=True, normalized=True),
        AddedToken("<LOUD>", lstrip=True, rstrip=True, normalized=True),
    ])
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(
            single="<|endoftext|> $A <|im_end|>", special_tokens=[("<|endoftext|>", 0), ("<|im_end|>", 2)]),
    ])
    return tokenizer


def qwen2(size):
    steps = [
        pre_tokenizers.Split(Regex(QWEN2), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]
    return byte_level(size, steps, 2, normalizer=normalizers.NFC())


def gpt2(size):
    return byte_level(size, [pre_tokenizers.ByteLevel(add_prefix_space=True)], 3)


def smollm_steps():
    return [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]


def sentence_piece(size):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus.plain_lines(4, 3000)), model_writer=model, model_type="bpe", vocab_size=size,
        character_coverage=0.98, byte_fallback=True, normalization_rule_name="identity",
        remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True,
        minloglevel=2)
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def pieces(model):
    kinds = []
    for i in range(model.vocab_size()):
        kind = NORMAL
        if model.is_unknown(i):
            kind = UNKNOWN
        elif model.is_control(i):
            kind = CONTROL
        elif model.is_byte(i):
            kind = BYTE
        kinds.append((model.id_to_piece(i), model.get_score(i), kind))
    return kinds


def from_sentence_piece(model, metaspace=None):
    """The object that transformers makes of a Llama model: legacy, or with the pre-tokenizer Metaspace."""
    vocabulary = {piece: i for i, (piece, _, _) in enumerate(pieces(model))}
    merges = []
    for i, (piece, score, kind) in enumerate(pieces(model)):
        if kind != NORMAL:
            continue
        for cut in range(1, len(piece)):
            left, right = piece[:cut], piece[cut:]
            if left in vocabulary and right in vocabulary:
                merges.append((-score, vocabulary[left], vocabulary[right], left, right))
    merges.sort()
    tokenizer = Tokenizer(models.BPE(
        vocab=vocabulary, merges=[(m[3], m[4]) for m in merges], unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    strip = [decoders.Strip(" ", 1, 0)]
    if metaspace:
        tokenizer.pre_tokenizer = metaspace
    else:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()] + strip)
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in ["<unk>", "<s>", "</s>"]])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def gemma(model):
    """The object of Gemma: spaces are replaced, and the pre-tokenizer splits by spaces, of which there are none left."""
    tokenizer = from_sentence_piece(model)
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return tokenizer


def write_gguf(path, model, tokens, types, pre=None, merges=None, scores=None, bos=None, eos=None, **flags):
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_tokenizer_model(model)
    if pre:
        writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if merges is not None:
        writer.add_token_merges(merges)
    if scores is not None:
        writer.add_token_scores(scores)
        writer.add_unk_token_id(0)
    if bos is not None:
        writer.add_bos_token_id(bos)
    if eos is not None:
        writer.add_eos_token_id(eos)
    for name, value in flags.items():
        writer.add_bool(f"tokenizer.ggml.{name}", value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def byte_level_gguf(path, tokenizer, pre, **flags):
    content = json.loads(tokenizer.to_str())
    added = {token["id"]: token for token in content["added_tokens"]}
    vocabulary = {i: t for t, i in tokenizer.get_vocab(with_added_tokens=True).items()}
    tokens = [vocabulary[i] for i in range(len(vocabulary))]
    types = [(CONTROL if added[i]["special"] else 4) if i in added else NORMAL for i in range(len(tokens))]
    merges = [" ".join(pair) for pair in content["model"]["merges"]]
    write_gguf(path, "gpt2", tokens, types, pre=pre, merges=merges, bos=0, eos=2, **flags)


def expect(folder, tokenizer, lines):
    with open(folder / "expected.jsonl", "w", encoding="utf-8", newline="\n") as file:
        for text in lines:
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            entry = {
                "text": text, "ids": ids, "special": tokenizer.encode(text).ids,
                "decoded": tokenizer.decode(ids, skip_special_tokens=True),
            }
            print(json.dumps(entry, ensure_ascii=True, separators=(",", ":")), file=file)


def folder(out, name):
    path = pathlib.Path(out) / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def json_case(out, name, tokenizer, lines):
    path = folder(out, name)
    # Not indented: golden files are small.
    content = json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=True, separators=(",", ":"))
    (path / "tokenizer.json").write_text(content + "\n")
    # The object that the file describes, as another program reads it.
    expect(path, Tokenizer.from_file(str(path / "tokenizer.json")), lines)


def cases(out, size, lines):
    """Writes all small tokenizers; `size` is the number of tokens."""
    llama, qwen = llama3(size), qwen2(size)
    json_case(out, "llama3-json", llama, lines)
    json_case(out, "qwen2-json", qwen, lines)
    json_case(out, "gpt2-json", gpt2(size), lines)
    path = folder(out, "qwen2-gguf")
    byte_level_gguf(path / "model.gguf", qwen, "qwen2", add_bos_token=False)
    expect(path, qwen, lines)
    if size > 1000:
        path = folder(out, "llama3-gguf")
        byte_level_gguf(path / "model.gguf", llama3_plain(size), "llama-bpe", add_bos_token=True)
        expect(path, llama3_plain(size, bos=True), lines)
        scalars = list(corpus.every_scalar())
        json_case(out, "every-scalar-llama3-json", llama3_plain(size), scalars)
        json_case(out, "every-scalar-smollm-json", byte_level(size, smollm_steps(), 5), scalars)
    piece_model = sentence_piece(size)
    legacy = from_sentence_piece(piece_model)
    json_case(out, "sentencepiece-json", legacy, lines)
    json_case(out, "gemma-json", gemma(piece_model), lines)
    metaspaces = {
        "first": pre_tokenizers.Metaspace(prepend_scheme="first", split=False),
        "always": pre_tokenizers.Metaspace(prepend_scheme="always", split=True),
    }
    for name, metaspace in metaspaces.items():
        json_case(out, f"metaspace-{name}-json", from_sentence_piece(piece_model, metaspace), lines)
    path = folder(out, "sentencepiece-gguf")
    write_sentence_piece(path, piece_model)
    expect(path, legacy, lines)
    # SentencePiece itself, which finds no special tokens in a text.
    path = folder(out, "sentencepiece-itself")
    write_sentence_piece(path, piece_model)
    plain = [line for line in lines if not any(token in line for token in ["<unk>", "<s>", "</s>"]) and "\0" not in line]
    with open(path / "expected.jsonl", "w", encoding="utf-8", newline="\n") as file:
        for text in plain:
            entry = {"text": text, "ids": piece_model.encode(text), "special": piece_model.encode(text, add_bos=True)}
            print(json.dumps(entry, separators=(",", ":")), file=file)


def write_sentence_piece(path, model):
    known = pieces(model)
    write_gguf(
        path / "model.gguf", "llama", [p[0] for p in known], [p[2] for p in known], scores=[p[1] for p in known],
        bos=1, eos=2, add_bos_token=True, add_space_prefix=True)


def smollm2(out, path, lines):
    """The real model: a `tokenizers` object from the vocabulary and merges of its GGUF file."""
    fields = gguf.GGUFReader(path).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    merges = fields["tokenizer.ggml.merges"].contents()
    types = fields["tokenizer.ggml.token_type"].contents()
    tokenizer = Tokenizer(models.BPE(
        vocab={t: i for i, t in enumerate(tokens)}, merges=[tuple(m.split(" ")) for m in merges]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(smollm_steps())
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(t, special=True, normalized=False) for t, kind in zip(tokens, types) if kind == CONTROL])
    where = folder(out, "smollm2-gguf")
    (where / "source.txt").write_text(str(path) + "\n")
    expect(where, tokenizer, lines)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "golden":
        golden = pathlib.Path(__file__).resolve().parent.parent / "Golden" / "tokenizers"
        cases(golden, 520, corpus.lines(11, 32))
        smollm2(golden, sys.argv[2], corpus.lines(11, 32))
        (golden / "smollm2-gguf" / "source.txt").unlink()
    elif len(sys.argv) in (4, 5) and sys.argv[1] == "cases":
        out, lines = sys.argv[2], corpus.lines(7, int(sys.argv[3]))
        cases(out, 2500, lines)
        if len(sys.argv) == 5:
            smollm2(out, sys.argv[4], lines)
    else:
        sys.exit(__doc__)
