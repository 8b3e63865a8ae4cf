"""What tests of instance labels share: the components of several label maps."""

import torch

from projects.wsis.ops import Components, join_components
from projects.wsis.ops.components import find_components


def batch_components(label_maps, tags, **settings) -> Components:
    """Components of a batch of label maps."""
    found = [find_components(label_map, own, **settings) for label_map, own in zip(label_maps, tags)]
    return join_components(*([torch.from_numpy(part) for part in parts] for parts in zip(*found)))
