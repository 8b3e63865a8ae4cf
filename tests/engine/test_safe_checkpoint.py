"""The one checkpoint loader: hostile files do nothing, mmengine's own checkpoints load, damage gets one line."""

import os
import pickle
import sys
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModule
from mmengine.runner import CheckpointLoader, Runner, load_checkpoint
from torch import nn

from projects.wsis.engine import load_checkpoint_safely, safe_checkpoint, safe_loading

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tools'))
TINY_CONFIG = Path(__file__).resolve().parents[1] / 'tools' / 'tiny_config.py'


class Payload:
    """Runs a function of any name when unpickled, as an attacker's object does."""

    def __init__(self, function, *arguments) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def make_marker(path: str) -> None:
    """What the hostile file wants to do; it is found by its name while unpickling."""
    Path(path).touch()


@pytest.fixture(params=['own function', 'os.system', 'exec', 'getattr', 'old format'])
def hostile(request, tmp_path) -> tuple[Path, Path]:
    """A checkpoint with good weights that also touches a marker file when unpickled freely, and the marker."""
    marker = tmp_path / 'marker'
    payload = {
        'own function': Payload(make_marker, str(marker)),
        'os.system': Payload(os.system, f'touch {marker}'),
        'exec': Payload(exec, f'open({str(marker)!r}, "w")'),
        'getattr': Payload(map, Payload(getattr, Payload(__import__, 'os'), 'system'), [f'touch {marker}']),
        'old format': Payload(os.system, f'touch {marker}'),
    }[request.param]
    path = tmp_path / 'hostile.pth'
    content = dict(
        state_dict=OrderedDict({'weight': torch.zeros(1, 4), 'bias': torch.zeros(1)}),
        meta=dict(epoch=1, iter=4, payload=payload),
        message_hub=dict(),
    )
    torch.save(content, path, _use_new_zipfile_serialization=request.param != 'old format')
    return path, marker


def tiny_runner(work_dir: Path, **options) -> Runner:
    cfg = Config.fromfile(str(TINY_CONFIG))
    cfg.work_dir = str(work_dir)
    cfg.merge_from_dict(options)
    cfg.experiment_name = uuid.uuid4().hex  # mmengine keeps one logger per name
    return Runner.from_cfg(cfg)


def test_the_payload_is_really_hostile(hostile):
    path, marker = hostile
    assert not marker.exists()
    payload = torch.load(path, weights_only=False)['meta']['payload']  # what must never happen elsewhere
    if isinstance(payload, map):
        list(payload)
    assert marker.exists()


def load_by_loader(path: Path, work_dir: Path) -> None:
    with safe_loading():
        CheckpointLoader.load_checkpoint(str(path), map_location='cpu')


def load_by_function(path: Path, work_dir: Path) -> None:
    with safe_loading():
        load_checkpoint(nn.Linear(4, 1), str(path))


def load_by_converter(path: Path, work_dir: Path) -> None:
    load_checkpoint_safely(path)


def load_by_load_from(path: Path, work_dir: Path) -> None:
    tiny_runner(work_dir, load_from=str(path)).train()


def load_by_test(path: Path, work_dir: Path) -> None:
    tiny_runner(work_dir, load_from=str(path)).test()


def load_by_resume(path: Path, work_dir: Path) -> None:
    tiny_runner(work_dir, load_from=str(path), resume=True).train()


def load_by_init_cfg(path: Path, work_dir: Path) -> None:
    class Layer(BaseModule):
        def __init__(self) -> None:
            super().__init__(init_cfg=dict(type='Pretrained', checkpoint=str(path)))
            self.weight = nn.Parameter(torch.ones(1, 4))

    with safe_loading():
        Layer().init_weights()


def load_by_prefix(path: Path, work_dir: Path) -> None:
    class Layer(BaseModule):
        def __init__(self) -> None:
            super().__init__(init_cfg=dict(type='Pretrained', checkpoint=str(path), prefix='weight'))

    with safe_loading():
        Layer().init_weights()


WAYS = [
    load_by_loader,
    load_by_function,
    load_by_converter,
    load_by_load_from,
    load_by_test,
    load_by_resume,
    load_by_init_cfg,
    load_by_prefix,
]


@pytest.mark.parametrize('load', WAYS)
def test_hostile_file_is_refused_and_never_run(hostile, tmp_path, load):
    path, marker = hostile
    with pytest.raises(ValueError, match='is refused: it wants to run or build') as caught:
        load(path, tmp_path / 'work')
    assert not marker.exists()
    assert '\n' not in str(caught.value)
    assert str(path) in str(caught.value)


def test_message_names_the_hostile_type(tmp_path):
    torch.save(dict(a=Payload(os.system, 'true')), tmp_path / 'a.pth')
    with pytest.raises(ValueError, match='`(posix|nt).system`'):
        load_checkpoint_safely(tmp_path / 'a.pth')


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A web server on this machine for the files of tmp_path; torch's download cache lies in tmp_path too."""
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch_home'))
    for name in ('http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'):
        monkeypatch.delenv(name, raising=False)
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    handler.log_message = lambda *arguments: None
    instance = ThreadingHTTPServer(('127.0.0.1', 0), handler)
    thread = threading.Thread(target=instance.serve_forever, daemon=True)
    thread.start()
    yield f'http://127.0.0.1:{instance.server_port}'
    instance.shutdown()
    instance.server_close()


def test_hostile_url_is_refused_and_never_run(hostile, server):
    path, marker = hostile
    with pytest.raises(ValueError, match='is refused'), safe_loading():
        CheckpointLoader.load_checkpoint(f'{server}/{path.name}', map_location='cpu')
    with pytest.raises(ValueError, match='is refused'):
        load_checkpoint_safely(f'{server}/{path.name}')
    assert not marker.exists()


def test_url_loads_and_is_cached(tmp_path, server):
    torch.save(dict(state_dict=dict(a=torch.arange(3.0))), tmp_path / 'good.pth')
    first = load_checkpoint_safely(f'{server}/good.pth')
    (tmp_path / 'good.pth').unlink()
    second = load_checkpoint_safely(f'{server}/good.pth')
    assert torch.equal(first['state_dict']['a'], torch.arange(3.0))
    assert torch.equal(second['state_dict']['a'], torch.arange(3.0))


def test_url_that_is_not_there_gets_one_line(server):
    with pytest.raises(ValueError, match='cannot be downloaded.*404') as caught:
        load_checkpoint_safely(f'{server}/none.pth')
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('name', ['foreign://x', 'pavi://x', 'a:foreign://x'])
def test_other_schemes_are_refused(name):
    with pytest.raises(ValueError, match='scheme is not supported'):
        load_checkpoint_safely(name)


def allow(*types: object) -> Callable[[], None]:
    """Let torch build more types in this process, and return how to take them back."""
    before = torch.serialization.get_safe_globals()
    torch.serialization.add_safe_globals(types)

    def take_back() -> None:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(before)

    return take_back


class Own:
    """A type of the user, who allows it."""


@pytest.mark.parametrize('entry', [getattr, (getattr, 'builtins.getattr')])
def test_what_others_have_allowed_stays_but_for_getattr(entry, tmp_path):
    """With the real `getattr`, which mmengine allows too, a file reaches any function."""
    if isinstance(entry, tuple) and tuple(map(int, torch.__version__.split('.')[:2])) < (2, 6):
        pytest.skip('this torch takes no other name for what is allowed')
    take_back = allow(entry, Own)
    try:
        before = set(torch.serialization.get_safe_globals())
        torch.save(dict(a=Own()), tmp_path / 'own.pth')
        assert isinstance(load_checkpoint_safely(tmp_path / 'own.pth')['a'], Own)
        torch.save(dict(a=Payload(getattr, torch.Tensor, 'numpy')), tmp_path / 'a.pth')
        torch.load(tmp_path / 'a.pth', weights_only=True)  # it is really allowed here
        with pytest.raises(ValueError, match='is refused'):
            load_checkpoint_safely(tmp_path / 'a.pth')
        assert set(torch.serialization.get_safe_globals()) == before
    finally:
        take_back()


def test_unknown_name_gets_one_line():
    with pytest.raises(ValueError, match='open-mmlab knows no model of this name'):
        load_checkpoint_safely('open-mmlab://no-such-model')


@pytest.mark.parametrize('name', ['truncated', 'empty', 'text', 'zeros inside', 'plain pickle', 'folder'])
def test_damaged_file_gets_one_line(tmp_path, name):
    good = tmp_path / 'good.pth'
    torch.save(dict(state_dict=dict(a=torch.rand(1000))), good)
    data = good.read_bytes()
    place = data.index(b'state_dict') - 5  # in the pickle: of the tensor's numbers torch checks nothing
    path = tmp_path / 'bad.pth'
    if name == 'folder':
        path.mkdir()
    else:
        path.write_bytes(
            {
                'truncated': data[: len(data) // 2],
                'empty': b'',
                'text': b'not a checkpoint\n' * 40,
                'zeros inside': data[:place] + bytes(50) + data[place + 50 :],
                'plain pickle': pickle.dumps(dict(a=[1, 2])),
            }[name]
        )
    with pytest.raises(ValueError, match='damaged or not a checkpoint|is a folder') as caught:
        load_checkpoint_safely(path)
    assert '\n' not in str(caught.value)
    assert str(path) in str(caught.value)


def test_urls_of_the_same_file_name_do_not_share_a_file(tmp_path, server):
    for value, folder in enumerate('ab'):
        (tmp_path / folder).mkdir()
        torch.save(dict(value=value), tmp_path / folder / 'model.pth')
    for value, folder in enumerate('abab'):
        assert load_checkpoint_safely(f'{server}/{folder}/model.pth')['value'] == value % 2


def test_file_with_a_hash_in_its_name_is_taken_from_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    (tmp_path / 'hub/checkpoints').mkdir(parents=True)
    torch.save(dict(value=7), tmp_path / 'hub/checkpoints/resnet18-f37072fd.pth')
    assert load_checkpoint_safely('http://127.0.0.1:9/models/resnet18-f37072fd.pth')['value'] == 7
    with pytest.raises(ValueError, match='cannot be downloaded'):
        load_checkpoint_safely('http://127.0.0.1:9/models/resnet18.pth')


@pytest.mark.parametrize('size, local_rank, first', [(1, '1', True), (4, '0', True), (4, '1', False)])
def test_first_process_of_each_node_downloads(monkeypatch, size, local_rank, first):
    monkeypatch.setattr(safe_checkpoint, 'get_world_size', lambda: size)
    monkeypatch.setenv('LOCAL_RANK', local_rank)
    assert safe_checkpoint._is_first_of_node() is first


def test_missing_file_gets_one_line(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none\.pth not found'):
        load_checkpoint_safely(tmp_path / 'none.pth')


def test_types_of_a_runner_checkpoint_survive(tmp_path):
    history = HistoryBuffer([1.0, 2.0, 6.0], [1, 1, 2])
    content = dict(
        history=history,
        scalar=np.float64(0.25),
        arrays=[np.arange(6).reshape(2, 3).astype(code) for code in ('u1', 'i4', 'i8', 'f4', 'f8', '?')],
        config=ConfigDict(a=ConfigDict(b=[1, 2]), classes=('x', 'y')),
    )
    torch.save(content, tmp_path / 'a.pth')
    loaded = load_checkpoint_safely(tmp_path / 'a.pth')
    assert loaded['history'].mean() == history.mean() == 2.25
    assert loaded['history'].statistics('max') == 6
    assert loaded['scalar'] == 0.25
    for array, again in zip(content['arrays'], loaded['arrays']):
        assert array.dtype == again.dtype
        np.testing.assert_array_equal(array, again)
    assert loaded['config'] == content['config']


def test_files_of_numpy_1_load(tmp_path):
    if not hasattr(np, '_core') or tuple(map(int, torch.__version__.split('.')[:2])) < (2, 6):
        pytest.skip('old names need numpy 2 and torch 2.6')
    torch.save(dict(a=np.arange(4.0)), tmp_path / 'a.pth', _use_new_zipfile_serialization=False)
    data = (tmp_path / 'a.pth').read_bytes()
    assert b'numpy._core.multiarray\n' in data
    (tmp_path / 'a.pth').write_bytes(data.replace(b'numpy._core.multiarray\n', b'numpy.core.multiarray\n'))
    np.testing.assert_array_equal(load_checkpoint_safely(tmp_path / 'a.pth')['a'], np.arange(4.0))


def test_getattr_reaches_statistics_of_history_buffers_only(tmp_path):
    for owner, name in ((torch.Tensor, 'numpy'), (HistoryBuffer, '__init__'), (HistoryBuffer, 'update')):
        torch.save(dict(a=Payload(getattr, owner, name)), tmp_path / 'a.pth')
        with pytest.raises(ValueError, match='is refused'):
            load_checkpoint_safely(tmp_path / 'a.pth')


def test_full_runner_checkpoint_resumes_to_the_same_end(tmp_path):
    whole = tiny_runner(tmp_path / 'whole', **{'train_cfg.max_epochs': 4})
    whole.train()
    tiny_runner(tmp_path / 'parts', **{'train_cfg.max_epochs': 4, 'default_hooks.checkpoint.interval': 2}).train()
    checkpoint = tmp_path / 'parts' / 'epoch_2.pth'
    content = load_checkpoint_safely(checkpoint)
    assert isinstance(content['message_hub']['log_scalars']['train/loss'], HistoryBuffer)
    assert content['optimizer']['state']
    assert content['meta']['dataset_meta']['classes'] == ('a', 'b')

    resumed = tiny_runner(tmp_path / 'parts', resume=True, load_from=str(checkpoint), **{'train_cfg.max_epochs': 4})
    resumed.train()
    assert resumed.iter == whole.iter == 16
    for name, value in whole.model.state_dict().items():
        torch.testing.assert_close(resumed.model.state_dict()[name], value, msg=name)
