"""The PyTorch client, with small random models. Times are compared within one run only, and with wide margins."""

import contextlib
import copy
import gc
import io
import time
import unittest
import unittest.mock

from experimenter import STEP_BEGINS, STEP_ENDS, Experimenter, check_steps, pass_times

try:
    import peft
    import torch
    import transformers

    from kerf.torch import borders, cuda, hello, serve
except ImportError as error:
    raise unittest.SkipTest(f"needs torch, transformers and peft: {error}")

BLOCKS, BATCH, SEQUENCE = 4, 2, 16
PASSES = ([{"forward": n} for n in range(BLOCKS + 2)] + [{"backward": n} for n in range(BLOCKS + 1, 0, -1)]
          + [{"update": None}])


def setUpModule():
    torch.set_num_threads(1)
    torch.manual_seed(1)


def causal_model(lora=True, big_first=False, checkpointing=None):
    """A tiny Llama. With `big_first`, block 1 is far larger than the others."""
    def config(intermediate):
        return transformers.LlamaConfig(
            hidden_size=64, intermediate_size=intermediate, num_hidden_layers=BLOCKS, num_attention_heads=4,
            num_key_value_heads=2, vocab_size=256, max_position_embeddings=256, tie_word_embeddings=True)

    model = transformers.LlamaForCausalLM(config(128))
    if big_first:
        model.model.layers[0].mlp = type(model.model.layers[0].mlp)(config(8192))
    if lora:
        model = peft.get_peft_model(
            model, peft.LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"))
    if checkpointing is not None:
        model.gradient_checkpointing_enable({"use_reentrant": checkpointing})
        if lora:
            model.enable_input_require_grads()
    return model.train()


class Training:
    """A step as users write it, with the loss outside the model."""

    def __init__(self, model, micro_batches=1, autocast=False, sequence=SEQUENCE):
        self.model, self.micro_batches, self.autocast = model, micro_batches, autocast
        self.optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
        self.ids = torch.randint(0, 256, (BATCH, sequence + 1))
        self.steps = 0

    def __call__(self):
        self.steps += 1
        for _ in range(self.micro_batches):
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.autocast):
                logits = self.model(input_ids=self.ids[:, :-1]).logits
                loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), self.ids[:, 1:].flatten())
            (loss / self.micro_batches).backward()
        self.optimizer.step()
        self.optimizer.zero_grad()


def converse(model, step, conversation, **options):
    """Serves the model to a conversation; returns hello and what was printed on standard error."""
    kerf, errors = Experimenter(), io.StringIO()

    def run(kerf):
        kerf.welcome()
        conversation(kerf)
        kerf.stop()
        assert kerf.receive()[0] == "closed"

    with contextlib.redirect_stderr(errors):
        kerf.run_here(lambda: serve(model, step, **options), run)
    return kerf.hello, errors.getvalue()


def failure(model, step, **options):
    """The message `failed` that comes instead of hello."""
    kerf, answers = Experimenter(), []
    try:
        kerf.run_here(lambda: serve(model, step, **options), lambda kerf: answers.append(kerf.receive()))
    except Exception:
        pass
    return answers[0]


def repeat_all(kerf):
    """Repeats each pass; nanoseconds for one."""
    times = {}
    for place, pass_ in enumerate(kerf.hello["passes"]):
        kerf.command("prepare", **{"pass": place})
        seen = []
        for _ in range(5):
            done, records = kerf.command("repeat", **{"pass": place, "seconds": 0.004})
            assert [record[1] for record in records] == [STEP_BEGINS, STEP_ENDS]
            seen.append((records[1][0] - records[0][0]) / done["count"])
        times[next(iter(pass_.items()))] = min(seen)
    return times


def least_times(records, passes):
    """What a pass takes where nothing else on the box delays it: the least of its times."""
    steps = pass_times(records, passes)
    return {key: min(step[key] for step in steps) for key in steps[0]}


class HelloTests(unittest.TestCase):
    def test_description_and_commands(self):
        model = causal_model()
        step = Training(model)
        seen = {}

        def conversation(kerf):
            weights = copy.deepcopy(model.state_dict())
            seen["marked"] = kerf.command("steps", marked=True, seconds=60, at_most=3)
            self.assertFalse(all(torch.equal(a, b) for a, b in zip(weights.values(), model.state_dict().values())))
            self.assertFalse(any(module._forward_pre_hooks for module in model.modules()))
            seen["plain"] = kerf.command("steps", marked=False, seconds=60, at_most=2)

        hello_, errors = converse(model, step, conversation)
        self.assertEqual(errors, "")
        self.assertEqual(hello_["passes"], PASSES)
        self.assertEqual(hello_["can"], ["repeat"])
        self.assertEqual(hello_["workload"], {
            "batch": BATCH, "sequence": SEQUENCE, "lora_rank": 4, "lora_alpha": 8, "lora_targets": ["q", "v"],
            "micro_batches": 1, "checkpointing": False})
        sizes = {"hidden_size": 64, "block_count": 4, "head_count": 4, "key_value_head_count": 2, "head_size": 16,
                 "intermediate_size": 128, "vocabulary_size": 256, "tied_embeddings": True}
        self.assertEqual({key: hello_["model"][key] for key in sizes}, sizes)
        self.assertEqual([layer["kind"] for layer in hello_["layers"]], ["embedding"] + 4 * ["block"] + ["head"])
        self.assertEqual(hello_["layers"][0], {
            "kind": "embedding", "parameters": 256 * 64, "trainable": 0, "output_bytes": BATCH * SEQUENCE * 64 * 4})
        self.assertEqual(hello_["layers"][1]["trainable"], 4 * (64 + 64) + 4 * (64 + 32))
        self.assertEqual(hello_["layers"][5], {
            "kind": "head", "parameters": 256 * 64 + 64, "trainable": 0, "output_bytes": 4})
        self.assertEqual((hello_["runtime"]["dtype"], hello_["runtime"]["device"]), ("f32", "cpu"))
        self.assertIn("peft", hello_["runtime"]["packages"])
        done, records = seen["marked"]
        check_steps(records, PASSES)
        self.assertEqual(done, {"count": 3, "marks": 3 * (len(PASSES) + 2), "dropped": 0})
        self.assertEqual([what for _, what, _ in records[1:len(PASSES) + 1]], list(range(len(PASSES))))
        self.assertEqual(seen["plain"][0], {"count": 2, "marks": 4, "dropped": 0})
        self.assertEqual(step.steps, 6)

    def test_trained_embedding_has_a_backward_pass(self):
        model = causal_model(lora=False)

        def conversation(kerf):
            _, records = kerf.command("steps", marked=True, seconds=60, at_most=2)
            check_steps(records, kerf.hello["passes"])
            repeat_all(kerf)

        hello_, errors = converse(model, Training(model), conversation)
        self.assertEqual(hello_["passes"], PASSES[:-1] + [{"backward": 0}, {"update": None}])
        self.assertEqual((hello_["can"], errors), (["repeat"], ""))
        self.assertEqual(hello_["layers"][0]["trainable"], 256 * 64)
        self.assertEqual(hello_["workload"]["lora_rank"], 0)

    def test_inference(self):
        model = causal_model(lora=False)
        ids = torch.randint(0, 256, (BATCH, SEQUENCE))

        def step():
            with torch.no_grad():
                model(input_ids=ids)

        def conversation(kerf):
            kerf.command("steps", marked=True, seconds=60, at_most=2)
            repeat_all(kerf)

        self.assertEqual(converse(model, step, conversation)[0]["passes"], PASSES[:6])

    def test_model_that_cannot_be_served(self):
        model = causal_model(lora=False)
        step = Training(model)
        for options, text in [
            ({"blocks": r"\.h\.(\d+)$"}, "no module's name matches"),
            ({"blocks": r"layers\.([13])$"}, "not numbered from 0"),
            ({"blocks": r"layers\.\d+$"}, "needs a group"),
            ({"model_info": {"block_count": 9}}, "check blocks="),
        ]:
            key, message = failure(model, step, **options)
            self.assertEqual(key, "failed")
            self.assertIn(text, message)
        self.assertIn("before torch.compile", failure(torch.compile(model), step)[1])
        plain = torch.nn.ModuleDict({"layers": torch.nn.ModuleList([torch.nn.Linear(4, 4)])})
        self.assertIn("pass model_info=", failure(plain, step)[1])
        self.assertIn("does not call the model", failure(causal_model(lora=False), step)[1])
        self.assertEqual(step.steps, 1)

    def test_exception_in_step(self):
        model = causal_model()
        training = Training(model)
        original = torch.autograd.backward

        def step():
            training()
            if training.steps == 2:
                raise ValueError("bad batch\nmore")

        kerf, answers = Experimenter(), []

        def conversation(kerf):
            kerf.welcome()
            kerf.send("steps", {"marked": True, "seconds": 9, "at_most": 5})
            answers.append(kerf.receive())

        with self.assertRaises(ValueError):
            kerf.run_here(lambda: serve(model, step), conversation)
        self.assertEqual(answers, [("failed", "ValueError: bad batch")])
        self.assertIs(torch.autograd.backward, original)
        self.assertFalse(any(module._forward_pre_hooks for module in model.modules()))

    def test_one_step_without_kerf(self):
        step = Training(causal_model())
        serve(step.model, step)
        self.assertEqual(step.steps, 1)


class DeviceTests(unittest.TestCase):
    def test_several_devices(self):
        model = causal_model()
        model.base_model.model.model.norm.to("meta")
        answer, text = failure(model, Training(model))
        self.assertEqual(answer, "failed")
        self.assertIn("the model is on cpu and meta: the client marks steps on one device", text)


class BorderTests(unittest.TestCase):
    """Block 1 is far larger than the others, so that time given to the wrong block shows."""

    def marked(self, model, step, **options):
        seen = {}

        def conversation(kerf):
            kerf.command("steps", marked=True, seconds=60, at_most=2)
            _, records = kerf.command("steps", marked=True, seconds=60, at_most=12)
            check_steps(records, kerf.hello["passes"])
            seen["marks"] = least_times(records, kerf.hello["passes"])
            if "repeat" in kerf.hello["can"]:
                seen["repeats"] = repeat_all(kerf)

        seen["hello"], seen["errors"] = converse(model, step, conversation, **options)
        return seen

    def assert_near(self, one, other, factor=3.0):
        self.assertLess(one, factor * other)
        self.assertLess(other, factor * one)

    def check_first_block(self, marks):
        for direction in ("forward", "backward"):
            for block in range(2, BLOCKS + 1):
                self.assertGreater(marks[direction, 1], 2 * marks[direction, block], (direction, block, marks))
        self.assertGreater(marks["backward", 1], 2 * marks["update", None], marks)
        self.assertGreater(marks["forward", 1], 2 * marks["forward", 0], marks)

    def test_frozen_embedding(self):
        model = causal_model(big_first=True)
        seen = self.marked(model, Training(model, sequence=128))
        self.check_first_block(seen["marks"])
        # The same block alone, without this client.
        block = model.base_model.model.model.layers[0]
        hidden = torch.randn(BATCH, 128, 64)
        embeddings = model.base_model.model.model.rotary_emb(hidden, torch.arange(128)[None])
        output = block(hidden, position_embeddings=embeddings)
        output = output[0] if isinstance(output, tuple) else output
        trained = [parameter for parameter in block.parameters() if parameter.requires_grad]
        times = []
        for _ in range(7):
            begin = time.perf_counter_ns()
            torch.autograd.grad(output, trained, torch.ones_like(output), retain_graph=True)
            times.append(time.perf_counter_ns() - begin)
        self.assert_near(seen["marks"]["backward", 1], min(times))
        for direction in ("forward", "backward"):
            self.assert_near(seen["marks"][direction, 1], seen["repeats"][direction, 1])

    def test_gradient_hooks(self):
        """Each tensor's hook runs once, whichever way it is put there, and beside the hooks of others."""
        for can_assign in (True, False):
            with unittest.mock.patch.object(borders.GradientHook, "_can_assign", can_assign):
                calls, others = [], []
                hook = borders.GradientHook(calls.append)
                leaf = torch.ones(3, requires_grad=True)
                for _ in range(3):
                    tensor = leaf * 2
                    hook.put_on(tensor)
                    (tensor * 5).sum().backward()
                self.assertEqual([gradient.tolist() for gradient in calls], [[5.0] * 3] * 3)
                hook.put_on(leaf)  # has no function that made it
                (leaf * 7).sum().backward()
                self.assertEqual(calls.pop().tolist(), [7.0] * 3)
                for other_first in (True, False):
                    tensor = torch.ones(3, requires_grad=True) * 2
                    for put in [lambda: tensor.register_hook(others.append), lambda: hook.put_on(tensor)][
                            :: 1 if other_first else -1]:
                        put()
                    tensor.sum().backward()
                self.assertEqual((len(calls), len(others)), (5, 2))
        self.assertTrue(borders.GradientHook(calls.append)._can_assign, "this PyTorch needs register_hook")

    def test_module_hooks_would_be_wrong(self):
        """The same check fails with full backward hooks of modules: the defect that it is for."""
        model = causal_model(big_first=True)
        handles = []

        class ModuleHooks(borders.Borders):
            def _block_hook(self, index):
                hook = super()._block_hook(index)

                def block_begins(module, args, kwargs):
                    with unittest.mock.patch.object(borders.GradientHook, "put_on"):
                        hook(module, args, kwargs)

                return block_begins

            def install(self, begin):
                super().install(begin)
                for index, block in enumerate(self._blocks, 1):
                    following = (borders.BACKWARD, index - 1) if index > 1 else borders.UPDATE
                    self._handles.append(block.register_full_backward_hook(
                        lambda *_, following=following: self._begin and self._begin(following)))

        import kerf.torch as client
        original, client.Borders = client.Borders, ModuleHooks
        try:
            seen = self.marked(model, Training(model, sequence=128))
        finally:
            client.Borders = original
            gc.collect()
        with self.assertRaises(AssertionError):
            self.check_first_block(seen["marks"])

    def test_accumulation(self):
        model = causal_model(big_first=True)
        seen = self.marked(model, Training(model, micro_batches=3, sequence=128))
        self.check_first_block(seen["marks"])
        self.assertEqual(seen["hello"]["workload"]["micro_batches"], 3)
        self.assertEqual(seen["hello"]["workload"]["batch"], 3 * BATCH)
        self.assertEqual(seen["hello"]["layers"][1]["output_bytes"], 3 * BATCH * 128 * 64 * 4)
        self.assertEqual(seen["hello"]["passes"], PASSES)
        for direction in ("forward", "backward"):
            self.assert_near(seen["marks"][direction, 1], seen["repeats"][direction, 1])

    def test_checkpointing(self):
        for reentrant in (False, True):
            with self.subTest(reentrant=reentrant):
                model = causal_model(big_first=True, checkpointing=reentrant)
                seen = self.marked(model, Training(model, sequence=128))
                self.check_first_block(seen["marks"])
                self.assertTrue(seen["hello"]["workload"]["checkpointing"])
                self.assertEqual(seen["hello"]["passes"], PASSES)
                if reentrant:
                    self.assertEqual(seen["hello"]["can"], [])
                    self.assertIn("use_reentrant=False", seen["errors"])
                    self.assertEqual(seen["errors"].count("kerf:"), 1)
                else:
                    self.assertEqual((seen["hello"]["can"], seen["errors"]), (["repeat"], ""))
                    self.assert_near(seen["marks"]["backward", 1], seen["repeats"]["backward", 1])
                    self.check_recomputation(model)

    def check_recomputation(self, model):
        """A repeated backward pass of a block computes the block again each time."""
        calls = []
        model.base_model.model.model.layers[1].mlp.register_forward_pre_hook(lambda *_: calls.append(1))

        def conversation(kerf):
            place = kerf.hello["passes"].index({"backward": 2})
            kerf.command("prepare", **{"pass": place})
            calls.clear()
            done, _ = kerf.command("repeat", **{"pass": place, "seconds": 0.01})
            self.assertEqual(len(calls), done["count"])

        converse(model, Training(model), conversation)

    def test_checkpoint_around_plain_blocks(self):
        """The program checkpoints blocks that do not know of it."""
        from torch.utils.checkpoint import checkpoint

        class Model(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.embedding = torch.nn.Embedding(256, 64)
                self.layers = torch.nn.ModuleList(
                    torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.Tanh()) for _ in range(BLOCKS))

            def forward(self, input_ids):
                x = self.embedding(input_ids)
                for layer in self.layers:
                    x = checkpoint(layer, x, use_reentrant=False)
                return type("Output", (), {"logits": x @ self.embedding.weight.T})

        model = Model()
        calls = []
        model.layers[1].register_forward_pre_hook(lambda *_: calls.append(1))
        sizes = {"hidden_size": 64, "block_count": 4, "head_count": 1, "intermediate_size": 64, "vocabulary_size": 256}

        def conversation(kerf):
            place = kerf.hello["passes"].index({"backward": 2})
            kerf.command("prepare", **{"pass": place})
            calls.clear()
            done, _ = kerf.command("repeat", **{"pass": place, "seconds": 0})
            self.assertEqual(len(calls), done["count"])  # computed again each time

        hello_, errors = converse(model, Training(model), conversation, model_info=sizes)
        self.assertEqual((hello_["can"], errors), (["repeat"], ""))

    def test_autocast(self):
        model = causal_model(big_first=True)
        seen = self.marked(model, Training(model, autocast=True, sequence=128))
        self.assertEqual(seen["hello"]["runtime"]["dtype"], "bf16")
        self.assertEqual((seen["hello"]["can"], seen["errors"]), (["repeat"], ""))
        self.check_first_block(seen["marks"])
        for direction in ("forward", "backward"):
            self.assert_near(seen["marks"][direction, 1], seen["repeats"][direction, 1])


class RepeatTests(unittest.TestCase):
    def test_nothing_changes(self):
        model = causal_model()
        step = Training(model)

        def state():
            return copy.deepcopy((
                list(model.state_dict().values()), [p.grad for p in model.parameters()],
                [list(values.values()) for values in step.optimizer.state.values()]))

        def conversation(kerf):
            before = state()
            repeat_all(kerf)
            for old, new in zip(before, state()):
                torch.testing.assert_close(new, old, rtol=0, atol=0)
            # After a step that moved the weights, a pass is prepared again by itself.
            place = kerf.hello["passes"].index({"backward": 2})
            kerf.command("prepare", **{"pass": place})
            kerf.command("steps", marked=False, seconds=0, at_most=1)
            kerf.command("repeat", **{"pass": place, "seconds": 0})

        self.assertEqual(converse(model, step, conversation)[1], "")

    def test_head_includes_the_loss_outside_the_model(self):
        from kerf.torch.borders import Borders
        from kerf.torch.probe import Probe

        model = causal_model()
        step = Training(model)
        blocks = hello.find_blocks(model, r"layers\.(\d+)$")
        probe = Probe(model, blocks, Borders(model, blocks), "cpu")
        for group in step.optimizer.param_groups:
            group["lr"] = 0.0  # so that the same loss can be computed again
        probe.run(step)
        with torch.no_grad():
            logits = model(input_ids=step.ids[:, :-1]).logits
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), step.ids[:, 1:].flatten())
        hidden = probe.head_input
        (again,) = probe.head_trace.run(hidden)
        torch.testing.assert_close(again, loss)
        (gradient,) = torch.autograd.grad(again, hidden)
        torch.testing.assert_close(gradient, probe.calls[BLOCKS].output_gradient)
        (embedded,) = probe.embedding_trace.run()
        torch.testing.assert_close(embedded, probe.calls[1].arguments()[0][0])

    def test_pass_that_was_not_prepared(self):
        model = causal_model()
        kerf, answers = Experimenter(), []

        def conversation(kerf):
            kerf.welcome()
            kerf.send("repeat", {"pass": 3, "seconds": 0})
            answers.append(kerf.receive())

        with self.assertRaises(Exception):
            kerf.run_here(lambda: serve(model, Training(model)), conversation)
        self.assertEqual(answers, [("failed", "KerfError: pass 3 is not the one that was prepared last")])


class CUDATests(unittest.TestCase):
    def test_times_of_events(self):
        self.assertEqual(cuda.times_of_events(1000, 9_001_000, [0.0, 1.5, 1.4995, 9.5]),
                         [1000, 1_501_000, 1_501_000, 9_001_000])

    def test_records_of_a_step(self):
        class Event:
            now = 0.0

            def record(self):
                self.at = Event.now = Event.now + 0.001

            def elapsed_time(self, other):
                return other.at - self.at

        synchronized, records = [], []
        marks = cuda.EventMarks(Event, lambda: synchronized.append(1))
        marks.begin_step()
        for place in (1, 2, 1):
            time.sleep(0.001)
            marks.begin(place)
        marks.end_step(lambda what, step, now: records.append((now, what, step)), 0)
        self.assertEqual(len(synchronized), 2)
        self.assertEqual([what for _, what, _ in records], [STEP_BEGINS, 0, 1, 2, 1, STEP_ENDS])
        begin = records[0][0]
        self.assertEqual([now - begin for now, *_ in records[1:5]], [0, 1000, 2000, 3000])
        check_steps(records, [{"forward": 0}] * 3)


if __name__ == "__main__":
    unittest.main()
