"""What goes into an ONNX model and what comes out, read from the file itself: no library for ONNX is needed.

An ONNX file is a message of Protocol Buffers (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). Only the few
fields that describe inputs and outputs are read; weights are passed over.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Numbers of the fields in onnx.proto.
GRAPH = 7  # of ModelProto
INITIALIZER, INPUT, OUTPUT = 5, 11, 12  # of GraphProto
TENSOR_NAME = 8  # of TensorProto
VALUE_NAME, VALUE_TYPE = 1, 2  # of ValueInfoProto
TENSOR_TYPE = 1  # of TypeProto
ELEMENT_TYPE, SHAPE = 1, 2  # of TypeProto.Tensor
DIMENSION, DIMENSION_VALUE = 1, 1  # of TensorShapeProto, of its Dimension
# How many bytes follow, by the kind of a field; kind 2 says its length itself.
FIXED_BYTES = {1: 8, 5: 4}


@dataclass(frozen=True)
class Port:
    """An input or output of a model.

    Args:
        name: Its name.
        element_type: Number of TensorProto.DataType; 1 is float32, 10 is float16, 0 is not told.
        shape: Lengths of the axes, None where any length will do; None if the file does not tell the number of axes.
    """

    name: str
    element_type: int
    shape: tuple[int | None, ...] | None

    def __str__(self) -> str:
        if self.shape is None:
            return f'{self.name} (of any shape)'
        return f'{self.name} ({"x".join("?" if length is None else str(length) for length in self.shape)})'


def read_ports(path: Path) -> tuple[list[Port], list[Port]]:
    """Return inputs and outputs of an ONNX model, in their order.

    Weights that the file lists as inputs too, as old exporters do, are left out.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no whole ONNX model.
    """
    if not path.is_file():
        raise FileNotFoundError(f'model {path} does not exist: name the ONNX file of a saliency model')
    try:
        model = list(_read_fields(memoryview(path.read_bytes())))
        graph = [field for number, value in model if number == GRAPH for field in _read_fields(value)]
        weights = {_read_text(tensor, TENSOR_NAME) for number, tensor in graph if number == INITIALIZER}
        inputs = [_read_port(value) for number, value in graph if number == INPUT]
        outputs = [_read_port(value) for number, value in graph if number == OUTPUT]
    except (IndexError, TypeError, ValueError):  # as bytes that are no message give
        inputs = outputs = []
    if not outputs:
        raise ValueError(f'model {path} is no whole ONNX file: export the network to ONNX, or copy the file again')
    return [port for port in inputs if port.name not in weights], outputs


def _read_fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield number and value of the fields of a message; raise IndexError or ValueError where it is none."""
    place = 0
    while place < len(message):
        key, place = _read_number(message, place)
        kind = key & 7
        if kind == 0:
            value, place = _read_number(message, place)
        else:
            length, place = (FIXED_BYTES[kind], place) if kind in FIXED_BYTES else _read_length(message, place, kind)
            value, place = message[place : place + length], place + length
            if place > len(message):
                raise ValueError('cut off')
        yield key >> 3, value


def _read_number(message: memoryview, place: int) -> tuple[int, int]:
    """Read a number of 7 bits per byte; return it and the place behind it."""
    number = shift = 0
    while True:
        byte = message[place]
        number |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return number, place
        if shift > 63:
            raise ValueError('no number')


def _read_length(message: memoryview, place: int, kind: int) -> tuple[int, int]:
    if kind != 2:
        raise ValueError('no kind of field')
    return _read_number(message, place)


def _find(message: memoryview, wanted: int) -> int | memoryview | None:
    """Return the last value of a field, as the format says, None without one."""
    return dict(_read_fields(message)).get(wanted)


def _read_text(message: memoryview, number: int) -> str:
    return bytes(_find(message, number) or b'').decode()


def _read_port(value: memoryview) -> Port:
    tensor = _find(_find(value, VALUE_TYPE) or memoryview(b''), TENSOR_TYPE) or memoryview(b'')
    shape = _find(tensor, SHAPE)
    if shape is not None:
        # a name or nothing instead of a number stands for any length
        lengths = [_find(axis, DIMENSION_VALUE) for number, axis in _read_fields(shape) if number == DIMENSION]
        shape = tuple(length if length and length < 1 << 31 else None for length in lengths)
    return Port(_read_text(value, VALUE_NAME), _find(tensor, ELEMENT_TYPE) or 0, shape)
