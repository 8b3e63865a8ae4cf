"""What files may hold that nobody meant to write: hypothesis strategies of nearly right and of quite wrong content."""

import json
import pickle
import warnings
from collections.abc import Iterator
from copy import deepcopy
from io import BytesIO
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

ODD_TEXTS = (
    *('', ' ', '\0', '\n', 'a\nb', 'a\r\nb', '\t', '\x1b[31m', '\x85'),
    *('\u2028', '\u202e', '\ufeff', '\ud800', '\U0001f98a'),
    *(
        '..',
        '../../a',
        '/etc/passwd',
        './a',
        'a//b',
        'a\\b',
        '.jpg',
        '.',
        '~',
        '%s',
        '{0}',
        '{{ a }}',
        'e\u0301',
        'é',
        'İ',
    ),
    *('a' * 300, 'nan', '1e999', '-1', '0x10', 'None', 'null', '"', "'", ';', ',', '<a>', '&b;', '[', '}'),
)
ODD_NUMBERS = (
    *(0, -1, 1, 2, 255, 256, 1.5, -0.0, 1e-320, 1e308, float('nan'), float('inf'), -float('inf')),
    *(2**31, 2**63, -(2**63) - 1, 2**64, 10**20, 10**400),
)
#: Files that are wrong in ways of their own, whatever they should hold.
ODD_FILES = (
    *(b'', b' ', b'\n', b'\0', b'null', b'0', b'NaN', b'""', b'[]', b'{}', b'[[]]', b'[{}]', b'{"": ""}'),
    *(
        b'\xef\xbb\xbf',
        b'\xff\xfe',
        b'\xfe\xff\0',
        b'\xef\xbb\xbf{}',
        b'[' * 100_000,
        b'{"a":' * 100_000,
        b'[' + b'1' * 5000 + b']',
    ),
    *(b'a,b,c\n"', b'<a/>', b'<a>', b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
    *(b'- a\n- b: [', b'&a [*a]', b'\x80\x04N.'),
)
ENCODINGS = ('utf-8', 'utf-8', 'utf-8', 'utf-8-sig', 'utf-16', 'utf-16-le', 'utf-32', 'cp037')

texts = st.sampled_from(ODD_TEXTS) | st.text(max_size=6)
scalars = st.none() | st.booleans() | st.sampled_from(ODD_NUMBERS) | st.integers() | st.floats() | texts
values = st.one_of(
    scalars,
    scalars,
    st.lists(scalars, max_size=3),
    st.lists(st.lists(scalars, max_size=2), max_size=2),
    st.dictionaries(texts, scalars, max_size=2),
    st.sampled_from(([], {}, [[]], [{}], {'': {}})),
)


@st.composite
def changed(draw, content: Any) -> Any:
    """A copy of nested lists and dicts in which one to three places hold something else, are missing or doubled."""
    holder = [deepcopy(content)]
    for _ in range(draw(st.integers(1, 3))):
        places = list(_list_places(holder))
        node, key = places[draw(st.integers(0, len(places) - 1))]
        action = draw(st.sampled_from(('replace', 'replace', 'replace', 'remove', 'rename', 'nest')))
        if action == 'replace' or node is holder:
            node[key] = deepcopy(draw(values))  # later changes must not reach what is drawn from
        elif action == 'remove':
            del node[key]
        elif action == 'nest':
            node[key] = [node[key]] if draw(st.booleans()) else {draw(texts): node[key]}
        elif isinstance(node, dict):
            node[draw(texts)] = node.pop(key)
        else:
            node.insert(key, deepcopy(node[key]))
    return holder[0]


def _list_places(node: Any) -> Iterator[tuple[Any, Any]]:
    for key, child in list(node.items() if isinstance(node, dict) else enumerate(node)):
        yield node, key
        if isinstance(child, (dict, list)):
            yield from _list_places(child)


@st.composite
def broken(draw, whole: bytes) -> bytes:
    """The bytes of a file cut off, with some bytes of it changed, put in or left out, or something else altogether."""
    action = draw(st.sampled_from(('cut', 'change', 'change', 'insert', 'remove', 'double', 'odd', 'random')))
    if action == 'odd':
        return draw(st.sampled_from(ODD_FILES))
    if action == 'random' or not whole:
        return draw(st.binary(max_size=60))
    first = draw(st.integers(0, len(whole) - 1))
    last = draw(st.integers(first, min(len(whole), first + 8)))
    if action == 'cut':
        return whole[:first]
    new = draw(st.binary(max_size=8)) if action in ('change', 'insert') else b''
    if action == 'insert':
        return whole[:first] + new + whole[first:]
    if action == 'double':
        return whole[:last] + whole[first:]
    return whole[:first] + new + whole[last:]


@st.composite
def json_files(draw, *contents: Any) -> bytes:
    """JSON files of nearly right structure, in any encoding, and broken ones."""
    content = draw(st.sampled_from(contents)) if len(contents) > 1 else contents[0]
    if not draw(st.integers(0, 4)):
        return draw(broken(json.dumps(content).encode()))
    text = json.dumps(draw(changed(content)), ensure_ascii=draw(st.booleans()))
    return text.encode(draw(st.sampled_from(ENCODINGS)), 'backslashreplace')


@st.composite
def text_files(draw, *wholes: str, cells: tuple[str, ...] = ()) -> bytes:
    """Text files (lines, tables, XML, YAML) in which some pieces are replaced, in any encoding, and broken ones.

    Args:
        wholes: Right files.
        cells: Pieces of them that are worth replacing.
    """
    whole = draw(st.sampled_from(wholes))
    if not draw(st.integers(0, 3)):
        return draw(broken(whole.encode()))
    for _ in range(draw(st.integers(1, 3))):
        piece = draw(st.sampled_from(cells)) if cells else ''
        new = draw(texts) if draw(st.booleans()) else draw(st.sampled_from(cells or ODD_TEXTS))
        whole = whole.replace(piece, new, draw(st.integers(1, 3)))
    return whole.encode(draw(st.sampled_from(ENCODINGS)), 'backslashreplace')


@st.composite
def python_files(draw, content: dict[str, Any]) -> bytes:
    """Configs: names with nearly right values. None of them calls anything, so that they can be run."""
    changes = draw(changed(content))
    names = changes.items() if isinstance(changes, dict) else [('a', changes)]
    text = '\n'.join(f'{name} = {value!r}' for name, value in names) + '\n'
    return text.encode('utf-8', 'backslashreplace')[: draw(st.sampled_from((None, None, None, None, -3, 40)))]


DTYPES = ('float32', 'float16', 'float64', 'int64', 'int8', 'uint8', 'bool', 'complex64')
DTYPES += ('U5', 'S3', 'datetime64[s]', 'object')
SHAPES = ((), (0,), (1,), (2,), (3,), (2, 2), (1, 2, 2), (2, 2, 2), (0, 2, 2), (2, 0, 0), (1, 1, 1, 1), (2, 3, 4))


@st.composite
def odd_arrays(draw) -> np.ndarray:
    """Arrays of any type and of small shapes."""
    dtype, fill = draw(st.sampled_from(DTYPES)), draw(st.sampled_from((0, 1, -1, 7, float('nan'), float('inf'))))
    array = np.zeros(draw(st.sampled_from(SHAPES)), dtype)
    if dtype[0] in 'fc' or (fill in (0, 1, 7) and dtype[0] in 'iu'):
        array[...] = fill
    return array


@st.composite
def npz_files(draw, arrays: dict[str, np.ndarray]) -> bytes:
    """npz files in which one to three arrays are others, missing or of another name, and broken ones."""
    arrays = dict(arrays)
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(arrays))) if arrays else 'a'
        action = draw(st.sampled_from(('replace', 'replace', 'remove', 'rename')))
        old = arrays.pop(name, None)
        if action != 'remove':
            arrays[name if action == 'replace' else 'b'] = draw(odd_arrays()) if action == 'replace' else old
    buffer = BytesIO()
    np.savez(buffer, **arrays)
    return draw(broken(buffer.getvalue())) if not draw(st.integers(0, 4)) else buffer.getvalue()


def _quantized() -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # torch no longer advises it, but old files may hold it
        return torch.quantize_per_tensor(torch.zeros(2), 0.1, 0, torch.quint8)


def _odd_tensors() -> tuple[Any, ...]:
    dtypes = (torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool, torch.complex64)
    plain = [torch.zeros(shape).to(dtype) for shape in ((), (2,), (3, 2), (0, 2)) for dtype in dtypes]
    return (
        *plain,
        torch.full((2,), float('nan')),
        torch.zeros(2).to_sparse(),
        torch.zeros(2, device='meta'),
        _quantized(),
        torch.zeros(2).to(torch.float8_e4m3fn),
        torch.zeros(4, 2).t(),
        torch.nn.Parameter(torch.zeros(2)),
    )


ODD_TENSORS = _odd_tensors()


@st.composite
def checkpoint_files(draw, content: dict[str, Any]) -> bytes:
    """Checkpoints whose tensors are of other names, types and shapes; those that would run code; broken ones."""
    content = dict(content)
    if not draw(st.integers(0, 9)):
        return pickle.dumps(draw(st.sampled_from((print, np.zeros(2), {1: [2]}, Exception('a'), range(3)))))
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(content, key=str))) if content else 'a'
        old = content.pop(name, None)
        action = draw(st.sampled_from(('replace', 'replace', 'rename', 'remove')))
        if action == 'replace':
            content[name] = draw(st.sampled_from(ODD_TENSORS) | scalars)
        elif action == 'rename':
            content[draw(texts | st.sampled_from((0, None, (1, 2), 1.5)))] = old
    wrapped = draw(st.sampled_from((None, None, None, 'state_dict', 'model', 'list')))
    whole = content if wrapped is None else [content] if wrapped == 'list' else {wrapped: content}
    buffer = BytesIO()
    torch.save(whole, buffer)
    return draw(broken(buffer.getvalue())) if not draw(st.integers(0, 4)) else buffer.getvalue()
