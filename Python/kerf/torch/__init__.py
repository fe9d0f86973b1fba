"""Client for PyTorch: finds the layers of a model by itself."""

from __future__ import annotations

import sys
from typing import Any, Callable, Optional

import torch
from torch import nn

from .._client import Client, KerfError, Program
from .._client import serve as _serve
from . import hello
from .borders import Borders
from .cuda import EventMarks
from .probe import Probe
from .repeats import Repeats

__all__ = ["serve"]


def serve(
    model: nn.Module, step: "Callable[[], Any]", blocks: str = r"layers\.(\d+)$", model_info: Optional[dict] = None
) -> None:
    """Runs whole training steps, or single passes of layers, as Kerf asks for them; without Kerf, runs one step.

    `step` runs one whole step: forward and backward passes, optimizer and `zero_grad`, with as many micro-batches as
    usual. `model` is the module that `step` calls. `blocks` is a regular expression that matches the names of its
    blocks in `model.named_modules()`; its first group is their number. `model_info` completes or replaces what
    `model.config` says of the model's sizes, with the keys of `model` in Kerf's `docs/markers.md`.

    A first step shows which passes there are and what layers are given; single passes are repeated with that. Steps
    that are not marked run without any hook. An exception of `step` is told to Kerf, and raised.
    """
    client = Client.connect()
    if client is None:
        step()
        return

    def make_program() -> tuple:
        program = _TorchProgram(model, step, hello.find_blocks(model, blocks))
        return (program, *program.describe(model_info))

    _serve(client, make_program)


class _TorchProgram(Program):
    def __init__(self, model: nn.Module, step: Callable[[], Any], blocks: "list[nn.Module]") -> None:
        super().__init__(self._step)
        self._users_step = step
        self._model, self._blocks = model, blocks
        devices = sorted({str(parameter.device) for parameter in model.parameters()})
        if not devices:
            raise KerfError("the model has no parameters")
        if len(devices) > 1:
            raise KerfError(f"the model is on {' and '.join(devices)}: the client marks steps on one device")
        self._device = torch.device(devices[0])
        if self._device.type not in ("cpu", "cuda"):
            raise KerfError(f"the model is on {self._device.type}: the client marks steps on cpu and cuda")
        self._events = EventMarks() if self._device.type == "cuda" else None
        self._borders = Borders(model, blocks)

    def describe(self, model_info: Optional[dict]) -> "tuple[dict, dict, dict, list[dict]]":
        """Runs the first step, and returns what `hello` says about it."""
        model = hello.model(self._model, len(self._blocks), model_info)  # before the work, as it may refuse
        probe = Probe(self._model, self._blocks, self._borders, self._device.type)
        probe.run(self._users_step)
        self.passes = [{direction: index} for direction, index in probe.begins]
        self._places = {pass_: place for place, pass_ in enumerate(probe.begins)}
        self._repeats = Repeats(probe, self._blocks)
        obstacle = self._repeats.obstacle()
        if obstacle is None:
            self.can = ["repeat"]
        else:
            print(f"kerf: single passes cannot be repeated: {obstacle}", file=sys.stderr)
        head = len(self._blocks) + 1
        parameters = [probe.embedding_trace.parameters] + [block.parameters() for block in self._blocks]
        parameters.append(probe.head_trace.parameters)
        layers = [
            hello.layer("embedding" if index == 0 else "head" if index == head else "block", own, size)
            for index, (own, size) in enumerate(zip(parameters, probe.output_bytes))]
        workload = {
            "batch": probe.batch, "sequence": probe.sequence, **hello.lora(self._model),
            "micro_batches": probe.micro_batches, "checkpointing": bool(probe.recomputed)}
        return hello.runtime(self._device, probe.compute_dtype), model, workload, layers

    def _step(self) -> None:
        self._users_step()
        self._repeats.step_ran()

    def start_marking(self, mark: Callable[..., None]) -> None:
        places = self._places

        def place_of(pass_: tuple) -> int:
            if pass_ not in places:
                raise KerfError(f"the step runs the {pass_[0]} pass of layer {pass_[1]}, which the first step did not")
            return places[pass_]

        if self._events is None:
            self._borders.install(lambda pass_: mark(place_of(pass_), self._number))
        else:
            events = self._events
            self._borders.install(lambda pass_: events.begin(place_of(pass_)))

    def stop_marking(self) -> None:
        self._borders.remove()

    def marked_step(self, mark: Callable[..., None], number: int) -> None:
        self._number = number
        self._borders.step_begins()
        if self._events is None:
            super().marked_step(mark, number)
        else:
            self._events.begin_step()
            self.step()
            self._events.end_step(mark, number)

    def synchronize(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def prepare(self, index: int) -> None:
        self._repeats.prepare(index)

    def repetition(self, index: int) -> "tuple[Callable[[], Any], Callable[[], None]]":
        return self._repeats.repetition(index)
