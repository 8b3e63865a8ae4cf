"""Reading MXNet's parameter files, of every version of the format, and what is damaged."""

import struct

import numpy as np
import pytest
import torch

from projects.wsis.engine import load_checkpoint_safely
from projects.wsis.reference.convert import convert_reference
from projects.wsis.reference.mxnet_params import name_as_pytorch, read_mxnet_params
from projects.wsis.reference.networks import REFERENCE_NETWORKS

V1, V2, V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
KINDS = {'float32': 0, 'float64': 1, 'float16': 2, 'uint8': 3, 'int32': 4, 'int8': 5, 'int64': 6}


def write_array(array, version):
    """One array as mxnet writes it: the oldest has no magic number and 32-bit dimensions."""
    head = {0: b'', 1: struct.pack('<I', V1), 2: struct.pack('<Ii', V2, 0), 3: struct.pack('<Ii', V3, 0)}[version]
    shape = struct.pack(f'<I{array.ndim}{"q" if version else "I"}', array.ndim, *array.shape)
    return head + shape + struct.pack('<iii', 1, 0, KINDS[array.dtype.name]) + array.tobytes()


def write_params(path, arrays, version=0):
    parts = [struct.pack('<QQQ', 0x112, 0, len(arrays)), *(write_array(each, version) for each in arrays.values())]
    parts.append(struct.pack('<Q', len(arrays)))
    parts += [struct.pack('<Q', len(name)) + name.encode() for name in arrays]
    path.write_bytes(b''.join(parts))
    return path


def make_arrays():
    rng = np.random.default_rng(0)
    arrays = {f'arg:{kind}': (10 * rng.random((2, 3))).astype(kind) for kind in KINDS}
    return {**arrays, 'aux:vector': rng.random(5).astype(np.float32), 'arg:kernel': rng.random((2, 1, 3, 3))}


@pytest.mark.parametrize('version', [0, 1, 2, 3])
def test_arrays_of_every_version_and_type(version, tmp_path):
    arrays = make_arrays()
    found = read_mxnet_params(write_params(tmp_path / 'a.params', arrays, version))
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].numpy().dtype == array.dtype
        np.testing.assert_array_equal(found[name].numpy(), array)


@pytest.mark.parametrize(
    'name, expected',
    [
        ('arg:conv1a_weight', 'conv1a.weight'),
        ('arg:res2a_branch2a_weight', 'b2.conv_branch2a.weight'),
        ('arg:res4b5_branch2b1_weight', 'b4_5.conv_branch2b1.weight'),
        ('arg:res7a_branch1_weight', 'b7.conv_branch1.weight'),
        ('arg:bn6a_branch2b2_gamma', 'b6.bn_branch2b2.weight'),
        ('arg:bn3b2_branch2a_beta', 'b3_2.bn_branch2a.bias'),
        ('aux:bn3b2_branch2a_moving_mean', 'b3_2.bn_branch2a.running_mean'),
        ('aux:bn5a_branch2b1_moving_var', 'b5.bn_branch2b1.running_var'),
        ('arg:bn7_gamma', 'bn7.weight'),
        ('aux:bn7_moving_var', 'bn7.running_var'),
        ('arg:linear1000_bias', 'linear1000.bias'),
        ('arg:res2a_branch2a_gamma', 'arg:res2a_branch2a_gamma'),
        ('arg:fc_weight', 'arg:fc_weight'),
    ],
)
def test_names(name, expected):
    assert list(name_as_pytorch({name: torch.zeros(1)})) == [expected]


def mxnet_name(name):
    """The name in the ImageNet file of a tensor of the official codes."""
    owner, what = name.rsplit('.', 1)
    norms = dict(weight='gamma', bias='beta', running_mean='moving_mean', running_var='moving_var')
    kind = 'aux' if what.startswith('running') else 'arg'
    if owner in ('conv1a', 'bn7'):
        return f'{kind}:{owner}_{what if owner == "conv1a" else norms[what]}'
    block, layer = owner.split('.')
    stage, _, number = block[1:].partition('_')
    layer, branch = layer.split('_')
    place = f'{stage}b{number}' if number else f'{stage}a'
    return f'{kind}:{"res" if layer == "conv" else "bn"}{place}_{branch}_{what if layer == "conv" else norms[what]}'


def test_imagenet_file_is_converted_whole(tmp_path):
    network = REFERENCE_NETWORKS['resnet38']
    shapes = {name: shape for name, shape in network.shapes.items() if not name.endswith('num_batches_tracked')}
    arrays = {
        mxnet_name(name): np.full(shape, number, np.float32) for number, (name, shape) in enumerate(shapes.items())
    }
    arrays['arg:linear1000_weight'] = np.zeros((1000, 4096), np.float32)
    source = write_params(tmp_path / 'imagenet.params', arrays)
    convert_reference(source, 'resnet38', tmp_path / 'ours.pth')
    checkpoint = load_checkpoint_safely(tmp_path / 'ours.pth')
    assert 'dataset_meta' not in checkpoint['meta']  # VOC's classes are none of it
    weights = checkpoint['state_dict']
    for number, name in enumerate(shapes):
        assert (weights[network.target_of(name)] == number).all()
    source.write_bytes(source.read_bytes()[:-100000])
    with pytest.raises(ValueError, match='imagenet.params is no parameter file of MXNet, or damaged'):
        convert_reference(source, 'resnet38', tmp_path / 'other.pth')
    assert not (tmp_path / 'other.pth').exists()
    for path in (source, tmp_path / 'ours.pth'):
        path.unlink()  # 420 MB each


def test_file_of_another_network_is_refused(tmp_path):
    source = write_params(tmp_path / 'other.params', {'arg:fc1_weight': np.zeros((2, 2), np.float32)})
    with pytest.raises(ValueError, match=r'is not exactly resnet38 .* 1 keys unknown \(arg:fc1_weight\)') as error:
        convert_reference(source, 'resnet38', tmp_path / 'ours.pth')
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('length', [0, 10, 24, 30, 45, 70, 200, -1])
def test_truncated_file_is_refused(length, tmp_path):
    path = write_params(tmp_path / 'a.params', make_arrays())
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ValueError, match='a.params is no parameter file of MXNet, or damaged') as error:
        read_mxnet_params(path)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    'content, words',
    [
        (b'x' * 100, 'does not begin as one'),
        (struct.pack('<QQQ', 0x112, 0, 1) + struct.pack('<Ii', V2, 1) + b'x' * 50, 'a sparse array'),
        (struct.pack('<QQQ', 0x112, 0, 1) + struct.pack('<I', 99) + b'x' * 500, '99 dimensions'),
        (struct.pack('<QQQ', 0x112, 0, 2**60), 'ends too early'),
        (struct.pack('<QQQII', 0x112, 0, 1, 1, 2**31) + struct.pack('<iii', 1, 0, 0), 'ends too early'),
        (struct.pack('<QQQII', 0x112, 0, 1, 1, 2) + struct.pack('<iii', 1, 0, 12) + bytes(8), 'type 12'),
        (struct.pack('<QQQQ', 0x112, 0, 0, 3), '0 arrays have 3 names'),
    ],
)
def test_bad_content_is_refused(content, words, tmp_path):
    (tmp_path / 'a.params').write_bytes(content)
    with pytest.raises(ValueError, match=words):
        read_mxnet_params(tmp_path / 'a.params')


def test_absent_file():
    with pytest.raises(FileNotFoundError, match='absent.params not found'):
        read_mxnet_params('absent.params')
