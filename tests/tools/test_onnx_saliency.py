"""Saliency maps of a model: its file is read, its map is that of its weights, and what fits badly gets one line."""

import importlib.machinery
import sys
import types
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny_chain.processes import run_tool
from tiny_onnx import FLOAT16, UINT8, node, port, write_model, write_saliency_model

from projects.wsis.structures import hash_file, read_json

TOOLS = Path(__file__).parents[2] / 'tools'
SCRIPT = TOOLS / 'dataset_converters' / 'make_saliency.py'
sys.path.insert(0, str(SCRIPT.parent))

import onnx_saliency  # noqa: E402
from make_saliency import make_saliency  # noqa: E402
from onnx_ports import read_ports  # noqa: E402
from onnx_saliency import MEAN, STD, load_saliency_model, prepare_photo  # noqa: E402


def paint(height=60, width=90, seed=0):
    """A blue ground with a red disc, and where the disc is."""
    rows, columns = np.mgrid[:height, :width]
    disc = (rows - height // 2) ** 2 + (columns - width // 2) ** 2 < (height // 4) ** 2
    image = np.where(disc[..., None], (30, 40, 220), (200, 60, 20)).astype(np.float32)
    image += np.random.default_rng(seed).normal(0, 6, image.shape)
    return image.clip(0, 255).astype(np.uint8), disc


@pytest.fixture
def photos(tmp_path):
    (tmp_path / 'JPEGImages').mkdir()
    for number in range(5):
        cv2.imwrite(str(tmp_path / f'JPEGImages/{number}.jpg'), paint(seed=number)[0])
    return tmp_path


def run(*arguments, folder=Path()):
    """Run the tool; more processes than one would take longer for their imports than for the maps."""
    return run_tool(None, folder, SCRIPT, '--workers', 1, *arguments)


def test_photo_is_prepared_as_for_u2net():
    photo = np.zeros((4, 6, 3), np.uint8)
    photo[..., 0], photo[..., 1], photo[..., 2] = 50, 100, 200  # blue, green, red
    prepared = prepare_photo(photo, (8, 10), MEAN, STD)
    assert prepared.shape == (1, 3, 8, 10) and prepared.dtype == np.float32
    expected = [(1 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (0.25 - 0.406) / 0.225]
    assert np.allclose(prepared[0, :, 3, 5], expected, atol=1e-5)
    assert np.isfinite(prepare_photo(np.zeros((4, 6, 3), np.uint8), (8, 10), MEAN, STD)).all()


@pytest.mark.parametrize('dtype, tolerance', [('float32', 0), ('float16', 2)])
@pytest.mark.parametrize('output', ['1', 'logits'])
@pytest.mark.parametrize('side', [32, None], ids=['fixed size', 'any size'])
def test_map_is_that_of_the_weights(side, output, dtype, tolerance, tmp_path):
    path = write_saliency_model(tmp_path / 'a.onnx', side, dtype=dtype)
    photo = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    saliency = load_saliency_model(path, size=32, output=output)(photo)
    red, green, blue = prepare_photo(photo, (32, 32), MEAN, STD)[0]
    expected = 2 * red + 0.5 * green - 2 * blue - 0.25
    if output == '1':
        expected = 1 / (1 + np.exp(-expected))
    expected = 255 * (expected - expected.min()) / (expected.max() - expected.min())
    assert saliency.dtype == np.uint8 and saliency.min() == 0 and saliency.max() == 255
    assert np.abs(saliency - expected.round()).max() <= tolerance


@pytest.mark.parametrize('size', [(1, 1), (2, 300), (90, 60)])
def test_map_has_the_size_of_the_photo(size, tmp_path):
    photo = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    assert load_saliency_model(write_saliency_model(tmp_path / 'a.onnx'))(photo).shape == size
    assert not load_saliency_model(write_saliency_model(tmp_path / 'b.onnx'))(
        np.full((*size, 3), 7, np.uint8)
    ).any()  # a flat map


def test_size_is_that_of_the_model_or_of_u2net(tmp_path):
    fixed, free = (write_saliency_model(tmp_path / f'{side}.onnx', side) for side in (48, None))
    assert load_saliency_model(fixed).size == (48, 48) and load_saliency_model(fixed, size=48).size == (48, 48)
    assert load_saliency_model(free).size == (320, 320) and load_saliency_model(free, size=40).size == (40, 40)


def test_ports_are_read_from_the_file(tmp_path):
    inputs, outputs = read_ports(write_saliency_model(tmp_path / 'a.onnx', side=None, dtype='float16'))
    assert [(one.name, one.element_type, one.shape) for one in inputs] == [('photo', FLOAT16, (1, 3, None, None))]
    assert [str(one) for one in outputs] == ['1 (1x1x?x?)', 'logits (1x1x?x?)']


def write_broken(path, kind):
    """Write a file that is no saliency model in one way."""
    if kind == 'text':
        path.write_text('no model')
    elif kind == 'cut off':
        path.write_bytes(write_saliency_model(path).read_bytes()[:-120])
    elif kind == 'operator':
        write_saliency_model(path, kind='Nonsense')
    elif kind == 'channels':
        write_saliency_model(path, channels=21)
    elif kind == 'numbers':
        write_saliency_model(path, kind='Log')  # of numbers below 0
    elif kind != 'missing':
        photo = dict(
            grey=port('x', [1, 1, 8, 8]),
            last=port('x', [1, 8, 8, 3]),
            batch=port('x', [4, 3, 8, 8]),
            bytes=port('x', [1, 3, 8, 8], UINT8),
            flat=port('x', [1, 3]),
            huge=port('x', [1, 3, 100000, 100000]),
            high=port('x', [1, 3, 5000, None]),
            two=port('x', [1, 3, 8, 8]),
        )[kind]
        inputs = [photo, port('y', [1, 3, 8, 8])] if kind == 'two' else [photo]
        write_model(path, [node('Sigmoid', ['x'], 'map')], {}, inputs, [port('map', [1, 1, 8, 8])])


BROKEN = {
    'missing': 'does not exist',
    'text': 'is no whole ONNX file',
    'cut off': 'is no whole ONNX file',
    'operator': 'cannot run a.onnx on 32x32 pixels',
    'channels': r'output 1 of a.onnx is 1x21x32x32; a saliency map is 1x1xHxW.*--output \(there are: 1, logits\)',
    'numbers': 'a.onnx gives values that are no numbers',
    'grey': r'input x \(1x1x8x8\) of .* is no RGB photo',
    'last': r'input x \(1x8x8x3\) of .* is no RGB photo',
    'batch': r'input x \(4x3x8x8\) of .* is no RGB photo',
    'flat': r'input x \(1x3\) of .* is no RGB photo',
    'huge': 'a.onnx would look at photos of 100000x100000 pixels.*at most 4096 a side.*export it with a smaller input',
    'high': 'a.onnx would look at photos of 5000x5000 pixels',
    'bytes': 'takes no photos of floating point numbers',
    'two': r'has 2 inputs \(x \(1x3x8x8\), y \(1x3x8x8\)\)',
}


@pytest.mark.parametrize('kind', BROKEN)
def test_wrong_model_gets_one_line(kind, tmp_path):
    write_broken(tmp_path / 'a.onnx', kind)
    with pytest.raises((FileNotFoundError, ValueError), match=BROKEN[kind]) as caught:
        load_saliency_model(tmp_path / 'a.onnx').check()
    assert '\n' not in str(caught.value) and len(str(caught.value)) < 600


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(size=40), 'fixed size, which is not 40'),
        (dict(size=200000), 'fixed size, which is not 200000'),
        (dict(output='map'), 'has no output map'),
        (dict(output='2'), '1, logits'),
    ],
)
def test_settings_that_do_not_fit_the_model_get_one_line(settings, words, tmp_path):
    with pytest.raises(ValueError, match=words) as caught:
        load_saliency_model(write_saliency_model(tmp_path / 'a.onnx'), **settings)
    assert '\n' not in str(caught.value)


def test_sides_that_no_memory_holds_get_one_line(tmp_path):
    path = write_saliency_model(tmp_path / 'a.onnx', side=None)
    with pytest.raises(ValueError, match=r'photos of 200000x200000 pixels.*give a smaller --size \(320') as caught:
        load_saliency_model(path, size=200000)
    assert '\n' not in str(caught.value)
    assert load_saliency_model(path, size=4096).size == (4096, 4096)


def test_onnx_runtime_is_asked_for_the_map_on_one_thread(tmp_path, monkeypatch):
    calls = []

    class Session:
        def __init__(self, path, options, providers):
            assert options.intra_op_num_threads == options.inter_op_num_threads == 1
            assert path == str(tmp_path / 'a.onnx') and providers == ['CPUExecutionProvider']

        def get_inputs(self):
            return [types.SimpleNamespace(name='photo')]

        def run(self, outputs, inputs):
            calls.append((outputs, inputs['photo'].shape, inputs['photo'].dtype))
            return [np.linspace(0, 1, 32 * 32, dtype=np.float16).reshape(1, 1, 32, 32)]

    runtime = types.ModuleType('onnxruntime')
    runtime.__spec__ = importlib.machinery.ModuleSpec('onnxruntime', None)
    runtime.SessionOptions, runtime.InferenceSession = types.SimpleNamespace, Session
    monkeypatch.setitem(sys.modules, 'onnxruntime', runtime)
    model = load_saliency_model(write_saliency_model(tmp_path / 'a.onnx', dtype='float16'), output='logits')
    saliency = model(paint()[0])
    assert calls == [(['logits'], (1, 3, 32, 32), np.float16)]
    assert saliency.shape == (60, 90) and saliency[0, 0] == 0 and saliency[-1, -1] == 255


def test_opencv_that_cannot_run_a_model_names_onnx_runtime(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(onnx_saliency, 'has_onnx_runtime', lambda: False)
    model = load_saliency_model(write_saliency_model(tmp_path / 'a.onnx', kind='Nonsense'))
    with pytest.raises(ValueError, match='OpenCV cannot run a.onnx .*Nonsense.*pip install onnxruntime'):
        model.check()
    assert capfd.readouterr().err == ''  # OpenCV would print lines of its own


def test_tool_makes_maps_and_goes_on(photos):
    model = write_saliency_model(photos / 'tiny.onnx')
    (photos / 'JPEGImages/bad.jpg').write_bytes(b'no photo')
    result = run(photos, '--model', model, '--workers', '2')
    assert result.status == 0, result.output
    assert '5 saliency maps (tiny.onnx)' in result.output and '1 of 6 photos cannot be read' in result.output
    files = sorted((photos / 'saliency').glob('*.png'))
    assert [file.stem for file in files] == list('01234')
    for number, file in enumerate(files):
        saliency, disc = cv2.imread(str(file), cv2.IMREAD_UNCHANGED), paint(seed=number)[1]
        salient = saliency > 127
        assert saliency.shape == (60, 90) and (salient & disc).sum() > 0.8 * (salient | disc).sum()
    manifest = read_json(photos / 'saliency/manifest.json')
    assert manifest['complete'] and manifest['lineage'] == dict(
        model='tiny.onnx', sha256=hash_file(model), size=[32, 32], mean=list(MEAN), std=list(STD), output='1'
    )
    before = {file: file.stat().st_mtime_ns for file in files}
    files[3].unlink()
    assert run(photos, '--model', model, '--workers', '1').status == 0
    assert {file for file in files if before[file] != file.stat().st_mtime_ns} == {files[3]}


@pytest.mark.parametrize(
    'arguments, words',
    [
        (['--model', 'tiny.onnx', '--output', 'logits'], 'tiny.onnx, made with output 1 (now logits)'),
        (['--model', 'tiny.onnx', '--mean', '.5', '.5', '.5'], 'mean [0.485, 0.456, 0.406] (now [0.5, 0.5, 0.5])'),
        (['--model', 'other.onnx'], 'maps of tiny.onnx, not of other.onnx'),
        (['--model', 'new/tiny.onnx'], 'tiny.onnx, made with sha256'),
        ([], 'maps of tiny.onnx, not of geodesic'),
    ],
    ids=['output', 'mean', 'model', 'file of the same name', 'classical'],
)
def test_maps_that_were_made_otherwise_are_left_alone(arguments, words, photos):
    (photos / 'new').mkdir()
    write_saliency_model(photos / 'tiny.onnx')
    write_saliency_model(photos / 'other.onnx', kind='Tanh')
    write_saliency_model(photos / 'new/tiny.onnx', kind='Tanh')
    assert run('.', '--model', 'tiny.onnx', '--workers', '1', folder=photos).status == 0
    before = {file: file.read_bytes() for file in (photos / 'saliency').iterdir()}
    result = run('.', *arguments, folder=photos)
    assert result.status == 1 and result.output.count('\n') == 1
    assert words in result.output and 'name another folder by --out' in result.output
    assert before == {file: file.read_bytes() for file in (photos / 'saliency').iterdir()}
    assert run('.', *arguments, '--out', 'elsewhere', '--workers', '1', folder=photos).status == 0


@pytest.mark.parametrize('workers', ['1', '2'])
def test_photo_that_gets_no_numbers_is_named(workers, photos):
    weights = dict(weight=np.ones((1, 3, 1, 1), np.float32), bias=np.full(1, -0.01, np.float32))
    nodes = [
        node('Conv', ['x', 'weight', 'bias'], 'sum', kernel_shape=[1, 1], strides=[1, 1], pads=[0, 0, 0, 0]),
        node('Sqrt', ['sum'], 'map'),  # of a number below 0 where a photo is black
    ]
    write_model(photos / 'a.onnx', nodes, weights, [port('x', [1, 3, 8, 8])], [port('map', [1, 1, 8, 8])])
    half = np.full((8, 8, 3), 200, np.uint8)
    half[:4] = 0
    cv2.imwrite(str(photos / 'JPEGImages/half.png'), half)
    settings = ['--mean', '0', '0', '0', '--std', '1', '1', '1', '--workers', workers]
    result = run('.', '--model', 'a.onnx', *settings, folder=photos)
    errors = [line for line in result.output.splitlines() if 'error: ' in line]
    assert result.status == 1 and len(errors) == 1
    assert 'JPEGImages/half.png: a.onnx gives values that are no numbers' in errors[0]


@pytest.mark.parametrize('workers', [1, 2])
def test_flat_maps_are_counted_at_the_end(workers, photos, capsys):
    cv2.imwrite(str(photos / 'JPEGImages/plain.png'), np.full((8, 9, 3), 80, np.uint8))
    cv2.imwrite(str(photos / 'JPEGImages/sky.png'), np.full((8, 9, 3), 200, np.uint8))
    sources = {path.stem: path for path in (photos / 'JPEGImages').iterdir()}
    model = load_saliency_model(write_saliency_model(photos / 'a.onnx'))
    assert make_saliency(sources, photos / 'maps', model, workers) == []
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith('warning: ')]
    assert line.startswith('warning: 2 of 7 maps that were made are flat') and '(first: plain)' in line
    make_saliency(sources, photos / 'maps', model, workers)
    assert 'warning' not in capsys.readouterr().err, 'all are there'


def test_model_with_a_flat_output_is_told(photos):
    weights = dict(weight=np.zeros((1, 3, 1, 1), np.float32))
    nodes = [node('Conv', ['x', 'weight'], 'map', kernel_shape=[1, 1], strides=[1, 1], pads=[0, 0, 0, 0])]
    write_model(photos / 'a.onnx', nodes, weights, [port('x', [1, 3, 8, 8])], [port('map', [1, 1, 8, 8])])
    result = run('.', '--model', 'a.onnx', folder=photos)
    assert result.status == 0
    assert sum('warning: 5 of 5 maps that were made are flat' in line for line in result.output.splitlines()) == 1


def test_wrong_model_leaves_no_folder(photos):
    write_saliency_model(photos / 'a.onnx', channels=2)
    result = run(photos, '--model', photos / 'a.onnx')
    assert result.status == 1 and result.output.count('\n') == 1 and 'is 1x2x32x32' in result.output
    assert not (photos / 'saliency').exists()


@pytest.mark.parametrize(
    'arguments, words',
    [
        (['--size', '32'], '--size needs --model'),
        (['--model', 'a.onnx', '--method', 'geodesic'], 'leave it or --model out'),
        (['--model', 'a.onnx', '--size', '1'], 'at least 2'),
        (['--model', 'a.onnx', '--size', '200000'], '--size is 200000; it must be at least 2 and at most 4096'),
        (['--model', 'a.onnx', '--std', '1', '0', '1'], 'over 0'),
        (['--model', 'a.onnx', '--mean', '0', 'nan', '0'], 'finite'),
    ],
)
def test_options_that_do_not_fit_together_are_refused(arguments, words, tmp_path):
    result = run('.', *arguments, folder=tmp_path)
    assert result.status == 2 and words in result.output.splitlines()[-1]


def test_workers_make_the_same_bytes(photos):
    sources = {path.stem: path for path in (photos / 'JPEGImages').iterdir()}
    model = load_saliency_model(write_saliency_model(photos / 'a.onnx'))
    make_saliency(sources, photos / 'one', model, workers=1)
    make_saliency(sources, photos / 'two', model, workers=2)
    for name in sources:
        assert (photos / f'one/{name}.png').read_bytes() == (photos / f'two/{name}.png').read_bytes()
