"""Converting checkpoints of official codes: every key of the file is accounted for, or the file is refused."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from projects.wsis.engine.safe_checkpoint import load_checkpoint_safely
from projects.wsis.structures.files import hash_file, write_atomically
from projects.wsis.structures.text_file import printable
from projects.wsis.version import __version__

from .mxnet_params import name_as_pytorch, read_mxnet_params
from .networks import REFERENCE_NETWORKS, ReferenceNetwork

COUNTER = 'num_batches_tracked'  # of batch normalisation; very old files lack it and nothing here reads it


def convert_reference(source: str | Path, network_name: str, target: str | Path) -> ReferenceNetwork:
    """Convert the checkpoint file of an official code to one that mmengine loads into our model.

    Args:
        source: The official code's file: of PyTorch, or (``.params``; the ImageNet ResNet-38) of MXNet.
        network_name: Which network it holds, a key of `REFERENCE_NETWORKS`.
        target: The file to write, as a whole or not at all: `state_dict`, and `meta` with the classes and the source.

    Returns:
        The network, which names the config that the weights are for.

    Raises:
        FileNotFoundError: If the source does not exist.
        ValueError: If it is damaged or holds anything but plain tensors, or is not exactly of this network.
    """
    if network_name not in REFERENCE_NETWORKS:
        raise ValueError(f'unknown network {network_name!r}: known are {", ".join(REFERENCE_NETWORKS)}')
    if Path(source).resolve() == Path(target).resolve():
        raise ValueError(f'{target} is the file to convert: name another one to write')
    if Path(target).is_dir():
        raise ValueError(f'{target} is a folder: name the file to write')
    network = REFERENCE_NETWORKS[network_name]
    weights = convert_state_dict(_read(source, network), network, str(source))
    origin = dict(
        network=network.name, description=network.description, file=Path(source).name, sha256=hash_file(source)
    )
    meta = dict(wsis_version=__version__, converted_from=origin, config=network.config)
    if network.classes:
        meta['dataset_meta'] = dict(classes=list(network.classes))
    write_atomically(target, lambda file: torch.save(dict(meta=meta, state_dict=weights), file))
    return network


def _read(source: str | Path, network: ReferenceNetwork) -> Any:
    """Read a file as plain data: the tensors by name, if it is what it should be."""
    if Path(source).suffix == '.params':
        return name_as_pytorch(read_mxnet_params(source))
    content = load_checkpoint_safely(source)
    return content[network.entry] if isinstance(content, dict) and network.entry in content else content


def convert_state_dict(state_dict: Any, network: ReferenceNetwork, source: str) -> dict[str, torch.Tensor]:
    """Rename the tensors of an official network to those of our model.

    Args:
        state_dict: What the official file holds: tensors by name.
        network: Which network it should be.
        source: How the file is called in messages.

    Returns:
        Tensors by our names; with every key that our model has.

    Raises:
        ValueError: If it is not exactly this network: one line with what is missing, unknown, of another shape or
            not equal to what it repeats, and with the network that fits better if there is one.
    """
    _check_plain(state_dict, source)
    problems = find_problems(state_dict, network)
    if problems:
        raise ValueError(
            f'{source} is not exactly {network.name} ({network.description}): {"; ".join(problems)}'
            f'{_suggest(state_dict, network)}'
        )
    weights = {}
    for name, shape in network.shapes.items():
        tensor = state_dict.get(name, torch.zeros(shape, dtype=torch.long))  # only a counter can be missing
        if name in network.background_last:
            tensor = tensor.roll(1, dims=0)
        # of its own, as a slice would be saved with all of the storage that it is cut from
        weights[network.target_of(name)] = tensor.detach().clone(memory_format=torch.contiguous_format)
    return weights


def _check_plain(state_dict: Any, source: str) -> None:
    is_dict = isinstance(state_dict, dict)
    if is_dict and state_dict and all(isinstance(value, torch.Tensor) for value in state_dict.values()):
        return
    held = f'a dict with {_list(state_dict) or "nothing"}' if is_dict else f'a {type(state_dict).__name__}'
    hint = '; it looks converted already' if is_dict and {'meta', 'state_dict'} <= state_dict.keys() else ''
    raise ValueError(f'{source} is no checkpoint of the official code (tensors by name): it holds {held}{hint}')


def find_problems(state_dict: dict[str, torch.Tensor], network: ReferenceNetwork) -> list[str]:
    """Return what keeps a state dict from being exactly this network's, in words; empty if it is."""
    expected = {
        **{name: name for name in network.shapes},
        **{name: network.original_of(name) for name in network.alias_names()},
    }
    unknown = [name for name in state_dict if name not in expected and not network.dropped.fullmatch(str(name))]
    missing = [name for name in expected if name not in state_dict and not name.endswith(COUNTER)]
    misshapen, typed, damaged, changed = [], [], [], []
    for name, original in expected.items():
        if name not in state_dict:
            continue
        tensor = state_dict[name]
        if tuple(tensor.shape) != network.shapes[original]:
            misshapen.append(f'{name} {tuple(tensor.shape)} instead of {network.shapes[original]}')
        elif not _is_plain(tensor) or tensor.is_floating_point() == name.endswith(COUNTER):
            typed.append(f'{name} {tensor.dtype}')
        elif not torch.isfinite(tensor).all():
            damaged.append(name)
        elif name != original and original in state_dict and not _is_equal(tensor, state_dict[original]):
            changed.append(f'{name} (repeats {original})')
    kinds = dict(missing=missing, unknown=unknown)
    kinds |= {
        'of another shape': misshapen,
        'of another type': typed,
        'not finite': damaged,
        'not equal to what they repeat': changed,
    }
    return [f'{len(names)} keys {kind} ({_list(names)})' for kind, names in kinds.items() if names]


def _is_plain(tensor: torch.Tensor) -> bool:
    """Return whether a tensor holds numbers that can be compared: dense, and neither quantized nor of 8-bit floats."""
    dense = tensor.layout == torch.strided and tensor.device.type != 'meta' and not tensor.is_quantized
    return dense and not tensor.is_complex() and (not tensor.is_floating_point() or tensor.element_size() > 1)


def _is_equal(tensor: torch.Tensor, original: torch.Tensor) -> bool:
    """Return whether two tensors hold the same numbers; what cannot be compared is told by itself."""
    return not _is_plain(original) or torch.equal(tensor, original)


def _suggest(state_dict: dict[str, torch.Tensor], network: ReferenceNetwork) -> str:
    """Return a hint at the network whose names fit better than those of the one that was named."""

    def misfit(other: ReferenceNetwork) -> int:
        return len(state_dict.keys() ^ {*other.shapes, *other.alias_names()})

    best = min(REFERENCE_NETWORKS.values(), key=misfit)
    if best is network or misfit(best) >= misfit(network):
        return ''
    exact = not find_problems(state_dict, best)
    return f'; {"this is a file for" if exact else "closer is"} --from {best.name} ({best.description})'


def _list(names: Iterable[str], most: int = 3) -> str:
    """Return the first names, comma-separated."""
    names = [name if len(name) < 120 else name[:117] + '...' for name in map(printable, names)]
    return ', '.join(names[:most]) + (', ...' if len(names) > most else '')
