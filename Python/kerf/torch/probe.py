"""Watches one whole step: which passes it has, and what each layer is given."""

from __future__ import annotations

from typing import Any, Callable, Optional

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook
from torch.utils import _pytree

from .._client import KerfError
from .borders import BACKWARD, FORWARD, Borders, hidden_state
from .trace import Modes, Recorder, Trace


class FreshCache:
    """Stands for a cache of keys and values among a block's arguments: each call needs an empty one."""

    def __init__(self, kind: type) -> None:
        self.kind = kind


class BlockCall:
    """The arguments of a block's first call in the step. They share memory with the step's own tensors."""

    def __init__(self, args: tuple, kwargs: dict, modes: Modes) -> None:
        self._flat, self._spec = _pytree.tree_flatten((args, kwargs), is_leaf=_is_cache)
        self._flat = [self._detached(value) for value in self._flat]
        self.modes = modes
        self.output_gradient: Optional[torch.Tensor] = None

    @property
    def inputs(self) -> "list[torch.Tensor]":
        return [value for value in self._flat if isinstance(value, torch.Tensor) and value.requires_grad]

    def arguments(self) -> "tuple[tuple, dict]":
        return _pytree.tree_unflatten(
            [value.kind() if isinstance(value, FreshCache) else value for value in self._flat], self._spec)

    @staticmethod
    def _detached(value: Any) -> Any:
        if _is_cache(value):
            return FreshCache(type(value))
        if isinstance(value, torch.Tensor) and not isinstance(value, nn.Parameter):
            return value.detach().requires_grad_(value.requires_grad)
        return value


def _is_cache(value: Any) -> bool:
    return hasattr(value, "get_seq_length") and hasattr(value, "update")


def on_calls_inside(block: nn.Module, called: Callable[[], None]) -> list:
    """Hooks that call `called` whenever the block or a module in it runs. Some blocks have their checkpoint inside: what
    is computed again are then the modules in them."""
    return [module.register_forward_pre_hook(lambda *_: called()) for module in block.modules()]


class Probe:
    """What one step has shown. Layers are numbered from 0, the embedding; of micro-batches the first one is kept."""

    def __init__(self, model: nn.Module, blocks: "list[nn.Module]", borders: Borders, device_type: str) -> None:
        self._model, self._blocks, self._borders, self._device_type = model, blocks, borders, device_type
        self._head = len(blocks) + 1
        self._recorder = Recorder()
        self.begins: "dict[tuple, int]" = {(FORWARD, 0): 1}  # passes in the order in which they first ran
        self.calls: "dict[int, BlockCall]" = {}
        self.recomputed: "set[int]" = set()
        self.output_bytes = [0] * (self._head + 1)
        self.batch = self.sequence = 0
        self.compute_dtype: Optional[torch.dtype] = None
        self.embedding_trace: Optional[Trace] = None
        self.embedding_gradient: Optional[torch.Tensor] = None
        self.head_trace: Optional[Trace] = None
        self.head_input: Optional[torch.Tensor] = None
        self.head_gradients: "Optional[list]" = None
        self._has_loss = False
        self.optimizers: "list[tuple[torch.optim.Optimizer, list[torch.Tensor]]]" = []
        self.obstacles: "list[str]" = []  # to repeating
        self._last_output: Optional[torch.Tensor] = None  # while the head is recorded

    def run(self, step: Callable[[], Any]) -> None:
        handles = [register_optimizer_step_pre_hook(self._optimizer_steps)]
        # The borders' hooks come first: what is recorded begins after them.
        self._borders.install(self._begin)
        handles.append(self._model.register_forward_pre_hook(self._model_begins))
        for index, block in enumerate(self._blocks, 1):
            handles.append(block.register_forward_pre_hook(self._block_hook(index), with_kwargs=True))
            handles += on_calls_inside(block, self._recompute_hook(index))
        handles.append(self._blocks[-1].register_forward_hook(self._last_block_ends))
        try:
            with self._recorder:
                step()
            self._end_of_head([])
        finally:
            self._borders.remove()
            for handle in handles:
                handle.remove()
        if self.embedding_trace is None:
            raise KerfError("the step does not call the model that was passed to serve(): pass the module that it calls")
        missing = [index for index in range(1, self._head) if index not in self.calls]
        if missing:
            raise KerfError(f"the step does not run block {missing[0] - 1}: pass blocks= that match what it runs")
        if self._borders.is_reentrant:
            self.obstacles.append(
                "a checkpoint with use_reentrant=True cannot run its backward pass again; use_reentrant=False can")
        if self.is_training and not self._has_loss:
            self.obstacles.append("several forward passes share one backward pass")
        if self.is_training and not self.optimizers:
            self.obstacles.append("the step calls no optimizer of torch.optim")

    @property
    def is_training(self) -> bool:
        return (BACKWARD, self._head) in self.begins

    @property
    def micro_batches(self) -> int:
        return self.begins[FORWARD, 1]

    def _begin(self, pass_: tuple) -> None:
        self.begins[pass_] = self.begins.get(pass_, 0) + 1
        if pass_ == (BACKWARD, self._head):
            self._backward_begins()
        elif pass_ == (FORWARD, 0):  # another forward pass, and no backward pass before it
            self._end_of_head([])

    def _model_begins(self, module: nn.Module, inputs: tuple) -> None:
        if self.embedding_trace is None:
            self.embedding_trace = self._recorder.trace = Trace(self._device_type, [])

    def _block_hook(self, index: int) -> Callable:
        def keep_gradient(gradient: torch.Tensor) -> None:
            if index > 1:
                self.calls[index - 1].output_gradient = gradient.detach()
            else:
                self.embedding_gradient = gradient.detach()

        def block_begins(module: nn.Module, args: tuple, kwargs: dict) -> None:
            if self._borders.in_backward:
                return
            is_first = index not in self.calls
            trace, self._recorder.trace = self._recorder.trace, None
            hidden = hidden_state(args)
            if hidden is None:
                hidden = hidden_state(kwargs)
            if hidden is None:
                raise KerfError(f"block {index - 1} is given no hidden states")
            if index == 1:
                rows = hidden.shape[0] if hidden.dim() > 2 else 1
                self.batch += rows
                self.sequence = max(self.sequence, hidden.shape[-2])
                if is_first and trace is not None and not trace.finish([hidden]):
                    self.obstacles.append("the embedding's operations cannot be recorded")
            self.output_bytes[index - 1] += hidden.numel() * hidden.element_size()
            if not is_first:
                return
            modes = Modes.current(self._device_type)
            self.calls[index] = BlockCall(args, kwargs, modes)
            if self.compute_dtype is None:
                self.compute_dtype = modes.autocast_dtype if modes.autocast else hidden.dtype
            if hidden.requires_grad:
                hidden.register_hook(keep_gradient)

        return block_begins

    def _recompute_hook(self, index: int) -> Callable[[], None]:
        def called() -> None:
            if self._borders.in_backward:
                self.recomputed.add(index)

        return called

    def _last_block_ends(self, module: nn.Module, inputs: tuple, output: Any) -> None:
        if self._borders.in_backward:
            return
        hidden = hidden_state(output)
        if hidden is None:
            raise KerfError("the last block returns no hidden states")
        self.output_bytes[self._head - 1] += hidden.numel() * hidden.element_size()
        if self.head_trace is None:
            self._last_output = hidden
            self.head_trace = self._recorder.trace = Trace(self._device_type, [hidden])

    def _backward_begins(self) -> None:
        tensors, gradients = (self._borders.backward_arguments + (None,))[:2]
        roots = [tensors] if isinstance(tensors, torch.Tensor) else list(tensors)
        self.output_bytes[self._head] += sum(root.numel() * root.element_size() for root in roots)
        if self._last_output is None:
            return
        last, self._last_output = self._last_output, None
        self._has_loss = True
        if not self._end_of_head(roots):
            self.obstacles.append("the operations from the last block to the loss cannot be recorded")
        self.head_gradients = [gradients] if isinstance(gradients, torch.Tensor) or gradients is None else list(gradients)
        self.head_input = last.detach().requires_grad_(last.requires_grad)
        if last.requires_grad:
            block = self.calls[self._head - 1]
            last.register_hook(lambda gradient: setattr(block, "output_gradient", gradient.detach()))

    def _end_of_head(self, roots: "list[torch.Tensor]") -> bool:
        trace, self._recorder.trace = self._recorder.trace, None
        if trace is None or trace is not self.head_trace:
            return False
        if self._last_output is not None:  # inference: there is no backward pass
            self.head_input, self._last_output = self._last_output.detach(), None
        return trace.finish(roots)

    def _optimizer_steps(self, optimizer: torch.optim.Optimizer, args: tuple, kwargs: dict) -> None:
        trained = [parameter for group in optimizer.param_groups for parameter in group["params"]
                   if parameter.grad is not None]
        self.optimizers.append((optimizer, trained))
