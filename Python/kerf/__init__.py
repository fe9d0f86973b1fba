"""Client of Kerf, which measures time and energy of each layer of a training step, and reader of its files.

PyTorch programs call `kerf.torch.serve`. Other programs put `kerf.layer` around the passes of their layers and call
`kerf.serve`. Without Kerf, both run one step. The protocol is described in `docs/markers.md` of Kerf's repository.
`kerf.read` reads a file that Kerf wrote into pandas.
"""

from ._client import VERSION as __version__
from ._client import KerfError
from ._generic import layer, marked, serve, update
from ._read import read

__all__ = ["KerfError", "__version__", "layer", "marked", "read", "serve", "update"]
