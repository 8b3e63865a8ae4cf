"""The contents of the checkpoint of an official network, and the shapes of parts that several networks share."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from projects.wsis.datasets.voc import VOC_CLASSES

Shape = tuple[int, ...]
RESNET_BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
RESNET_WIDTHS = (64, 128, 256, 512)  # a block gives four times as many channels


@dataclass(frozen=True)
class ReferenceNetwork:
    """The checkpoint layout of one official network.

    Attributes:
        name: Its name on the command line.
        description: What it is and where it comes from.
        config: The config of ours whose model takes the weights.
        shapes: Shape of every tensor of the file by its name, without aliases.
        aliases: Prefix of names that repeat other tensors of the file -> prefix of those; the longest prefix counts.
        renames: Prefix of names in the file -> prefix in our model; every name of `shapes` has one.
        dropped: Pattern of names that may be there and are of no use to us.
        background_last: Names of tensors whose last output channel is the background's, which is the first in ours.
        entry: Entry of the file that holds the tensors, where they are not the file's own content.
        classes: Names of the classes that the network knows; none for weights that only initialise a backbone.
        pretrained_file: Name of the converted file that configs ask for in `checkpoints`; none for whole networks.
    """

    name: str
    description: str
    config: str
    shapes: dict[str, Shape]
    aliases: dict[str, str]
    renames: dict[str, str]
    dropped: re.Pattern = field(default=re.compile(r'(?!)'))
    background_last: frozenset[str] = frozenset()
    entry: str | None = None
    classes: tuple[str, ...] = VOC_CLASSES
    pretrained_file: str | None = None

    def original_of(self, name: str) -> str:
        """Return the name of the tensor that an alias repeats, or the name itself."""
        return _replace_prefix(name, self.aliases) or name

    def target_of(self, name: str) -> str:
        """Return the name in our model of a tensor of `shapes`."""
        return _replace_prefix(name, self.renames)

    def alias_names(self) -> Iterator[str]:
        """Give all names that repeat another tensor."""
        for alias, original in self.aliases.items():
            for name in self.shapes:
                if name.startswith(f'{original}.'):
                    yield alias + name[len(original) :]


def _replace_prefix(name: str, prefixes: dict[str, str]) -> str | None:
    """Replace the longest prefix (of whole parts between dots) that is in the table."""
    parts = name.split('.')
    for length in range(len(parts), 0, -1):
        prefix = '.'.join(parts[:length])
        if prefix in prefixes:
            return '.'.join((prefixes[prefix], *parts[length:]))
    return None


def batch_norm_shapes(prefix: str, channels: int) -> dict[str, Shape]:
    """Return the shapes of a batch normalisation."""
    shapes = {f'{prefix}.{name}': (channels,) for name in ('weight', 'bias', 'running_mean', 'running_var')}
    return {**shapes, f'{prefix}.num_batches_tracked': ()}


def resnet_shapes(prefix: str, depth: int) -> dict[str, Shape]:
    """Return the shapes of a ResNet-50 or -101 without its classifier, named as torchvision's."""
    shapes = {f'{prefix}.conv1.weight': (64, 3, 7, 7), **batch_norm_shapes(f'{prefix}.bn1', 64)}
    channels = 64
    for stage, (blocks, width) in enumerate(zip(RESNET_BLOCKS[depth], RESNET_WIDTHS), 1):
        for index in range(blocks):
            block = f'{prefix}.layer{stage}.{index}'
            convolutions = ((channels, width, 1), (width, width, 3), (width, 4 * width, 1))
            for number, (inner, outer, kernel) in enumerate(convolutions, 1):
                shapes[f'{block}.conv{number}.weight'] = (outer, inner, kernel, kernel)
                shapes.update(batch_norm_shapes(f'{block}.bn{number}', outer))
            if index == 0:
                shapes[f'{block}.downsample.0.weight'] = (4 * width, channels, 1, 1)
                shapes.update(batch_norm_shapes(f'{block}.downsample.1', 4 * width))
            channels = 4 * width
    return shapes
