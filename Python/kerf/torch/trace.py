"""Tensor operations recorded in a step, so that they can be run again.

Embedding and head are not modules: the head is all that follows the last block, the loss included, wherever the program
computes it. So the operations that PyTorch is asked for between two borders are recorded once and called again.
What Python does between them is not: a repetition has less overhead than the pass in a step, by some microseconds for
each operation.
"""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Iterator, NamedTuple, Optional

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree


class Modes(NamedTuple):
    """The modes of PyTorch that decide how an operation is computed."""

    grad: bool
    inference: bool
    device_type: str
    autocast: bool
    autocast_dtype: torch.dtype
    autocast_cache: bool

    @classmethod
    def current(cls, device_type: str) -> "Modes":
        return cls(
            torch.is_grad_enabled(), torch.is_inference_mode_enabled(), device_type,
            torch.is_autocast_enabled(device_type), torch.get_autocast_dtype(device_type),
            torch.is_autocast_cache_enabled())

    @contextlib.contextmanager
    def set(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            if self.inference:
                stack.enter_context(torch.inference_mode())
            stack.enter_context(torch.set_grad_enabled(self.grad))
            if self.autocast:
                stack.enter_context(torch.autocast(
                    self.device_type, dtype=self.autocast_dtype, cache_enabled=self.autocast_cache))
            yield


class _Slot(NamedTuple):
    """The place of a result that a later operation takes."""

    index: int


class Trace:
    """A list of operations from given tensors to results."""

    def __init__(self, device_type: str, inputs: "list[torch.Tensor]") -> None:
        self._device_type = device_type
        self._segments: "list[tuple[Modes, list[tuple[Callable, list, Any, list[Optional[int]]]]]]" = []
        self._slots: "dict[int, int]" = {}
        self._count = 0
        self._alive: "list[torch.Tensor]" = []  # while recording, so that no identity is used twice
        self._results: "list[int]" = []
        self._constants: "dict[int, torch.Tensor]" = {}
        for tensor in inputs:
            self._add_slot(tensor)

    @property
    def parameters(self) -> "list[nn.Parameter]":
        return [tensor for tensor in self._constants.values() if isinstance(tensor, nn.Parameter)]

    def add(self, function: Callable, args: tuple, kwargs: dict, result: Any) -> None:
        leaves = _pytree.tree_leaves(result)
        has_tensor = any(isinstance(leaf, torch.Tensor) for leaf in leaves)
        if not has_tensor and function is not torch.Tensor.__setitem__:
            return
        flat, spec = _pytree.tree_flatten((args, kwargs))
        for place, value in enumerate(flat):
            if isinstance(value, torch.Tensor):
                slot = self._slots.get(id(value))
                if slot is not None:
                    flat[place] = _Slot(slot)
                    continue
                if value.requires_grad and not value.is_leaf:
                    flat[place] = value.detach()  # its graph belongs to another layer
                self._constants[id(value)] = value
        slots = [self._add_slot(leaf) if isinstance(leaf, torch.Tensor) else None for leaf in leaves]
        modes = Modes.current(self._device_type)
        if not self._segments or self._segments[-1][0] != modes:
            self._segments.append((modes, []))
        self._segments[-1][1].append((function, flat, spec, slots))

    def finish(self, results: "list[torch.Tensor]") -> bool:
        """Ends the recording. Whether all results came from the recorded operations."""
        found = [self._slots.get(id(tensor)) for tensor in results]
        self._constants = {key: tensor for key, tensor in self._constants.items() if isinstance(tensor, nn.Parameter)}
        self._alive.clear()
        self._slots.clear()
        self._results = [slot for slot in found if slot is not None]
        return len(self._results) == len(results)

    def run(self, *inputs: torch.Tensor) -> "list[torch.Tensor]":
        values: "list[Any]" = list(inputs) + [None] * (self._count - len(inputs))
        for modes, calls in self._segments:
            with modes.set():
                for function, flat, spec, slots in calls:
                    args, kwargs = _pytree.tree_unflatten(
                        [values[leaf.index] if type(leaf) is _Slot else leaf for leaf in flat], spec)
                    for slot, leaf in zip(slots, _pytree.tree_leaves(function(*args, **kwargs))):
                        if slot is not None:
                            values[slot] = leaf
        return [values[slot] for slot in self._results]

    def _add_slot(self, tensor: torch.Tensor) -> int:
        self._slots[id(tensor)] = self._count
        self._alive.append(tensor)
        self._count += 1
        return self._count - 1


class Recorder(TorchFunctionMode):
    """While `trace` is set, adds each operation to it."""

    def __init__(self) -> None:
        super().__init__()
        self.trace: Optional[Trace] = None

    def __torch_function__(self, function: Callable, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = function(*args, **kwargs)
        # Inside vmap, with which masks are made, tensors are of no use outside: the mask becomes a constant.
        if self.trace is not None and not torch._C._are_functorch_transforms_active():
            self.trace.add(function, args, kwargs, result)
        return result
