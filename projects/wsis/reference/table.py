"""A table of the public checkpoints that can be taken over."""

from collections.abc import Iterable

from .network import ReferenceNetwork


def make_network_table(networks: Iterable[ReferenceNetwork], root: str = '..') -> str:
    """Return a Markdown table of networks: what the file is, the command that converts it, and the config it is for.

    Args:
        networks: The networks.
        root: Path from the page to the root of the project.
    """
    lines = ['| checkpoint | command | config |', '| --- | --- | --- |']
    for network in networks:
        target = network.pretrained_file or f'{network.name}.pth'
        command = f'python tools/model_converters/convert_reference.py --from {network.name} IN checkpoints/{target}'
        lines.append(f'| {network.description} | `{command}` | [{network.config}]({root}/{network.config}) |')
    return '\n'.join(lines)
