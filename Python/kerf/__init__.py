"""Client of Kerf, which measures time and energy of each layer of a training step.

PyTorch programs call `kerf.torch.serve`. Other programs put `kerf.layer` around the passes of their layers and call
`kerf.serve`. Without Kerf, both run one step. The protocol is described in `docs/markers.md` of Kerf's repository.
"""

from ._client import VERSION as __version__
from ._client import KerfError
from ._generic import layer, marked, serve, update

__all__ = ["KerfError", "__version__", "layer", "marked", "serve", "update"]
