"""Tiny ONNX models, written byte by byte: a message of Protocol Buffers needs no library for ONNX."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

# TensorProto.DataType
FLOAT32, UINT8, FLOAT16 = 1, 2, 10
TYPES = {'float32': FLOAT32, 'uint8': UINT8, 'float16': FLOAT16}
INTS = 7  # AttributeProto.AttributeType


def varint(number: int) -> bytes:
    """Return a number as 7 bits per byte, the last of which is below 128."""
    content = bytearray()
    while number > 127:
        content.append(number & 127 | 128)
        number >>= 7
    return bytes([*content, number])


def field(number: int, value: int | str | bytes) -> bytes:
    """Return a field of a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor(name: str, values: np.ndarray) -> bytes:
    """Return a TensorProto."""
    dimensions = b''.join(field(1, length) for length in values.shape)
    return dimensions + field(2, TYPES[values.dtype.name]) + field(8, name) + field(9, values.tobytes())


def node(kind: str, inputs: Sequence[str], output: str, **attributes: Sequence[int]) -> bytes:
    """Return a NodeProto with one output and attributes that are lists of numbers."""
    content = b''.join(field(1, name) for name in inputs) + field(2, output) + field(3, output) + field(4, kind)
    for name, values in attributes.items():
        numbers = b''.join(field(8, value) for value in values)
        content += field(5, field(1, name) + numbers + field(20, INTS))
    return content


def port(name: str, shape: Sequence[int | None], element_type: int = FLOAT32) -> bytes:
    """Return a ValueInfoProto; None stands for an axis of any length."""
    axes = b''.join(field(1, field(2, 'any') if length is None else field(1, length)) for length in shape)
    return field(1, name) + field(2, field(1, field(1, element_type) + field(2, axes)))


def write_model(
    path: Path,
    nodes: Sequence[bytes],
    weights: Mapping[str, np.ndarray],
    inputs: Sequence[bytes],
    outputs: Sequence[bytes],
) -> Path:
    """Write a ModelProto of version 13 of the operators and return its path."""
    graph = b''.join(field(1, content) for content in nodes) + field(2, 'tiny')
    graph += b''.join(field(5, tensor(name, values)) for name, values in weights.items())
    graph += b''.join(field(11, content) for content in inputs) + b''.join(field(12, content) for content in outputs)
    path.write_bytes(field(1, 7) + field(7, graph) + field(8, field(1, '') + field(2, 13)))
    return path


def write_saliency_model(
    path: Path, side: int | None = 32, channels: int = 1, kind: str = 'Sigmoid', dtype: str = 'float32'
) -> Path:
    """Write a model for which red is salient, not blue; output `1` is its map, `logits` what it comes from.

    Args:
        path: The file.
        side: Height and width of the photo, None for any.
        channels: Channels of both outputs.
        kind: The operator between the outputs.
        dtype: Type of photo, weights and outputs.
    """
    element_type = TYPES[dtype]
    weights = dict(
        weight=np.tile(np.array([2, 0.5, -2], dtype).reshape(1, 3, 1, 1), (channels, 1, 1, 1)),
        bias=np.full(channels, -0.25, dtype),
    )
    nodes = [
        node('Conv', ['photo', 'weight', 'bias'], 'logits', kernel_shape=[1, 1], strides=[1, 1], pads=[0, 0, 0, 0]),
        node(kind, ['logits'], '1'),
    ]
    ports = [port(name, [1, channels, side, side], element_type) for name in ('1', 'logits')]
    # weights are listed as inputs too, as exporters did before version 4 of ONNX
    inputs = [
        port('weight', [channels, 3, 1, 1], element_type),
        port('photo', [1, 3, side, side], element_type),
        port('bias', [channels], element_type),
    ]
    return write_model(path, nodes, weights, inputs, ports)
