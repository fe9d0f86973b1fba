"""Runs one pass of a layer over and over, on what the layer was given in the probed step.

A forward pass calls the block, in the modes of the step. A backward pass runs `torch.autograd.grad` on a graph that is
built once, so no parameter's `.grad` changes. Embedding and head run their recorded operations. The update calls the
optimizers, and parameters and state are put back afterwards. With micro-batches, the first one's pass is run as often
as the pass begins in a step.
"""

from __future__ import annotations

import copy
from typing import Any, Callable, Optional

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from .._client import KerfError
from .borders import BACKWARD, FORWARD, UPDATE, hidden_state
from .probe import BlockCall, Probe, on_calls_inside

# The first backward pass on a kept graph can take many times as long as later ones.
_WARM_UP = 2


class Repeats:
    def __init__(self, probe: Probe, blocks: "list[nn.Module]") -> None:
        self._probe, self._blocks = probe, blocks
        self._head = len(blocks) + 1
        self._passes = list(probe.begins)
        self._prepared: "Optional[tuple[int, Callable[[], Any]]]" = None
        self._is_stale = False

    def obstacle(self) -> Optional[str]:
        """Why passes of this program cannot be repeated, or None. Tries one pass of each kind."""
        if self._probe.obstacles:
            return self._probe.obstacles[0]
        tried = {(direction, index) for direction in (FORWARD, BACKWARD) for index in (0, 1, self._head - 1, self._head)}
        tried.add(UPDATE)
        try:
            for place, pass_ in enumerate(self._passes):
                if pass_ in tried:
                    self.prepare(place)
        except Exception as error:
            return f"{pass_[0]} pass of layer {pass_[1]}: {type(error).__name__}: {error}".splitlines()[0]
        finally:
            self._prepared = None
        return None

    def step_ran(self) -> None:
        """An optimizer that moves weights makes graphs unusable that were built before."""
        self._is_stale = True

    def prepare(self, place: int) -> None:
        if not 0 <= place < len(self._passes):
            raise KerfError(f"there is no pass {place}")
        self._prepared = None  # frees the graph before the next is built
        direction, index = pass_ = self._passes[place]
        if direction == FORWARD:
            run = self._forward(index)
        elif direction == BACKWARD:
            run = self._backward(index)
        else:
            run = self._update
        self._prepared, self._is_stale = (place, run), False
        once, restore = self.repetition(place)
        try:
            for _ in range(_WARM_UP):
                once()
        finally:
            restore()

    def repetition(self, place: int) -> "tuple[Callable[[], Any], Callable[[], None]]":
        if self._prepared is None or self._prepared[0] != place:
            raise KerfError(f"pass {place} is not the one that was prepared last")
        if self._is_stale:
            self.prepare(place)
        run = self._prepared[1]
        pass_ = self._passes[place]
        if pass_ == UPDATE:
            return run, self._save_for_update()
        count = self._probe.begins[pass_]
        if count == 1:
            return run, _nothing

        def run_all() -> None:
            for _ in range(count):
                run()

        return run_all, _nothing

    def _forward(self, index: int) -> Callable[[], Any]:
        if index == 0:
            return self._probe.embedding_trace.run
        if index == self._head:
            trace, hidden = self._probe.head_trace, self._probe.head_input
            return lambda: trace.run(hidden)
        return self._block_call(index)

    def _backward(self, index: int) -> Callable[[], Any]:
        probe = self._probe
        if index == self._head:
            inputs = [probe.head_input] if probe.head_input.requires_grad else []
            inputs += [parameter for parameter in probe.head_trace.parameters if parameter.requires_grad]
            return _gradients(probe.head_trace.run(probe.head_input), inputs, probe.head_gradients)
        if index == 0:
            inputs = [parameter for parameter in probe.embedding_trace.parameters if parameter.requires_grad]
            return _gradients(probe.embedding_trace.run(), inputs, [probe.embedding_gradient])
        call = probe.calls[index]
        inputs = call.inputs + [parameter for parameter in self._blocks[index - 1].parameters() if parameter.requires_grad]
        return _gradients([hidden_state(self._block_call(index)())], inputs, [call.output_gradient])

    def _block_call(self, index: int) -> Callable[[], Any]:
        """Calls a block as the model does. With checkpointing, that is inside a checkpoint: some blocks make it
        themselves when they are called, others are called in one."""
        block, call = self._blocks[index - 1], self._probe.calls[index]

        def plain() -> Any:
            args, kwargs = call.arguments()
            with call.modes.set():
                return block(*args, **kwargs)

        def checkpointed() -> Any:
            args, kwargs = call.arguments()
            with call.modes.set():
                return checkpoint(block, *args, use_reentrant=False, **kwargs)

        if index not in self._probe.recomputed or self._recomputes(block, call, plain):
            return plain
        return checkpointed

    def _recomputes(self, block: nn.Module, call: BlockCall, run: Callable[[], Any]) -> bool:
        calls = 0

        def called() -> None:
            nonlocal calls
            calls += 1

        inputs = call.inputs + [parameter for parameter in block.parameters() if parameter.requires_grad]
        gradients = _gradients([hidden_state(run())], inputs, [call.output_gradient])
        handles = on_calls_inside(block, called)
        try:
            gradients()
        finally:
            for handle in handles:
                handle.remove()
        return calls > 0

    def _update(self) -> None:
        for optimizer, _ in self._probe.optimizers:
            optimizer.step()

    def _save_for_update(self) -> Callable[[], None]:
        """Gives parameters a gradient, and returns what puts parameters, gradients and state back."""
        saved = []
        for optimizer, trained in self._probe.optimizers:
            for parameter in trained:
                state = {key: value.clone() if isinstance(value, torch.Tensor) else copy.deepcopy(value)
                         for key, value in optimizer.state.get(parameter, {}).items()}
                saved.append((optimizer, parameter, parameter.grad, parameter.detach().clone(), state))
        for _, parameter, *_ in saved:
            # Not zero: moments that decay without end become denormal numbers, which are slow.
            parameter.grad = torch.full_like(parameter, 1e-3)

        def restore() -> None:
            with torch.no_grad():
                for optimizer, parameter, gradient, value, state in saved:
                    parameter.copy_(value)
                    parameter.grad = gradient
                    if parameter in optimizer.state:
                        optimizer.state[parameter].update(state)

        return restore


def _gradients(
    outputs: "list[torch.Tensor]", inputs: "list[torch.Tensor]", gradients: "Optional[list]"
) -> Callable[[], Any]:
    return lambda: torch.autograd.grad(outputs, inputs, gradients, retain_graph=True, allow_unused=True)


def _nothing() -> None:
    pass
