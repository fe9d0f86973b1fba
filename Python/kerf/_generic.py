"""Marks that a program writes itself, for frameworks that have no client of their own."""

from __future__ import annotations

import functools
from typing import Any, Callable, Optional

from ._client import Client, KerfError, Program
from ._client import serve as _serve

_begin: "Optional[Callable[[dict], None]]" = None  # set while a step is probed or marked


class layer:
    """Says that a pass of layer `index` begins: 0 is the embedding, then the blocks, then the head.

        with kerf.layer(3, "forward"):
            x = block(x)

    The passes of a step leave no gap, so only the entry is a mark: what runs after the `with` block, up to the next
    one, belongs to this layer too. Leave no work between them that belongs elsewhere. What comes before the first
    mark of a step is the embedding's forward pass. Without Kerf, and in steps that are not marked, nothing happens.
    """

    __slots__ = ("_pass",)

    def __init__(self, index: int, direction: str) -> None:
        if direction not in ("forward", "backward"):
            raise ValueError(f"direction is 'forward' or 'backward', not {direction!r}")
        self._pass = {direction: index}

    def __enter__(self) -> None:
        if _begin is not None:
            _begin(self._pass)

    def __exit__(self, *exception: Any) -> None:
        pass


class update(layer):
    """Says that the optimizer begins: `with kerf.update(): ...`. Like `layer` otherwise."""

    __slots__ = ()

    def __init__(self) -> None:
        self._pass = {"update": None}


def marked(index: int, direction: str) -> Callable[[Callable], Callable]:
    """Decorates a function that runs a pass of a layer: `@kerf.marked(3, "forward")`. See `layer`."""
    border = layer(index, direction)

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with border:
                return function(*args, **kwargs)

        return run

    return decorate


def serve(step: "Callable[[], Any]", *, layers: "list[dict]", runtime: dict, model: dict, workload: dict) -> None:
    """Runs whole steps as Kerf asks for them; without Kerf, runs one.

    `step` runs one whole training step and enters `layer` and `update` at the borders. A first step shows which passes
    there are. The other arguments are those of the message `hello` in Kerf's `docs/markers.md`, one entry of `layers`
    for each layer in order. Layers are measured inside whole steps only: single passes cannot be repeated.
    """
    client = Client.connect()
    if client is None:
        step()
        return

    def make_program() -> tuple:
        program = _MarkedProgram(step)
        program.probe(len(layers))
        return program, runtime, model, workload, layers

    _serve(client, make_program)


class _MarkedProgram(Program):
    def probe(self, layer_count: int) -> None:
        """Runs one step and keeps the passes in the order in which they begin."""
        global _begin
        seen: "dict[tuple, dict]" = {("forward", 0): {"forward": 0}}

        def begin(pass_: dict) -> None:
            ((direction, index),) = pass_.items()
            if index is not None and not 0 <= index < layer_count:
                raise KerfError(f"the step marks layer {index}, and serve() was told of {layer_count} layers")
            seen.setdefault((direction, index), pass_)

        _begin = begin
        try:
            self.step()
        finally:
            _begin = None
        self.passes = list(seen.values())
        self._places = {key: place for place, key in enumerate(seen)}

    def start_marking(self, mark: Callable[..., None]) -> None:
        global _begin
        places = self._places

        def begin(pass_: dict) -> None:
            key = next(iter(pass_.items()))
            if key not in places:
                raise KerfError(f"the step has a pass {pass_} that the first step did not have")
            mark(places[key], self._number)

        _begin = begin

    def stop_marking(self) -> None:
        global _begin
        _begin = None

    def marked_step(self, mark: Callable[..., None], number: int) -> None:
        self._number = number
        super().marked_step(mark, number)
