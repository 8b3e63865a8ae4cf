"""Being a good guest: importing the package, in a fresh process, changes nothing of the libraries it stands on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from projects.wsis.environment import has_compiled_operators

ROOT = Path(__file__).resolve().parents[1]
# what the package imports is imported before: how those libraries change each other is not ours
LIBRARIES = 'import cv2, mmcv.ops, mmdet.apis, mmdet.models, mmseg.apis, mmseg.models, mmseg.datasets, scipy.ndimage'
if not has_compiled_operators():  # what takes their place must be there before, and is no component
    LIBRARIES = f"""
import importlib, sys, types
sys.modules['projects.wsis'] = package = types.ModuleType('projects.wsis')
package.__path__ = ['projects/wsis']
importlib.import_module('projects.wsis.uncompiled_mmcv').stand_in_for_operators()
for name in [name for name in sys.modules if name.startswith('projects')]:
    del sys.modules[name]
{LIBRARIES}"""
SNAPSHOT = '''
import csv, faulthandler, locale, logging, multiprocessing, os, random, signal, sys, threading, warnings
import cv2, mmcv, mmengine, numpy, torch
from mmengine import registry
from mmengine.fileio import io
from mmengine.fileio.backends import backends, prefix_to_backends
from mmengine.registry import DefaultScope
from mmengine.runner import CheckpointLoader
from PIL import Image, ImageFile

def name(thing):
    return f'{getattr(thing, "__module__", "")}.{getattr(thing, "__qualname__", thing)} {id(thing)}'

def functions(*owners):
    """Return all functions and classes of modules and classes, to notice a replaced one."""
    return {f'{owner.__name__}.{key}': name(value) for owner in owners for key, value in vars(owner).items()
            if callable(getattr(value, '__func__', value))}

def loggers():
    all_loggers = [logging.root, *(one for one in logging.root.manager.loggerDict.values()
                                   if isinstance(one, logging.Logger))]
    return {one.name: [one.level, one.propagate, one.disabled, [repr(handler) for handler in one.handlers],
                       [repr(own) for own in one.filters]]
            for one in all_loggers if one.handlers or one.level or one.filters or one.disabled or not one.propagate}

def registries():
    """Return what each registry of mmengine holds, but for what is ours."""
    return {key: {entry: name(value) for entry, value in one.module_dict.items()
                  if not value.__module__.startswith('projects.')}
            for key, one in vars(registry).items() if isinstance(one, registry.Registry)}

def take():
    return {
        'file backends': {key: name(value) for key, value in backends.items()},
        'file backends of prefixes': {key: name(value) for key, value in prefix_to_backends.items()},
        'instances of file backends': {key: name(value) for key, value in io.backend_instances.items()},
        'checkpoint loaders': [[key, name(value)] for key, value in CheckpointLoader._schemes.items()],
        'functions': functions(
            torch, torch.serialization, torch.hub, mmengine.Config, mmengine.fileio, mmengine.runner.Runner,
            mmengine.runner.checkpoint, CheckpointLoader, mmengine.hooks.CheckpointHook, mmengine.logging.MMLogger,
            mmcv.image.io, numpy, Image, warnings, multiprocessing, os),
        'allowed types': sorted(map(str, torch.serialization.get_safe_globals())),
        'registries': registries(),
        'scope': str(DefaultScope.get_current_instance()),
        'image backend': mmcv.image.io.imread_backend,
        'warnings': [repr(entry) for entry in warnings.filters] + [name(warnings.showwarning)],
        'logging': [loggers(), logging.root.manager.disable, logging.raiseExceptions, name(logging.getLoggerClass())],
        'environment': dict(os.environ),
        'start method': multiprocessing.get_start_method(allow_none=True),
        'sharing strategy': torch.multiprocessing.get_sharing_strategy(),
        'threads': [cv2.getNumThreads(), torch.get_num_threads(), torch.get_num_interop_threads(),
                    cv2.ocl.useOpenCL(), threading.active_count()],
        'log level of OpenCV': cv2.getLogLevel() if hasattr(cv2, 'getLogLevel') else cv2.utils.logging.getLogLevel(),
        'torch': [str(torch.get_default_dtype()), torch.is_grad_enabled(), torch.backends.cudnn.benchmark,
                  torch.backends.cudnn.deterministic, torch.are_deterministic_algorithms_enabled(),
                  torch.get_float32_matmul_precision(), torch.initial_seed()],
        'random numbers': [str(hash(random.getstate())), str(numpy.random.get_state()[1].tolist()),
                           str(torch.get_rng_state().tolist())],
        'numpy': [numpy.geterr(), numpy.get_printoptions()],
        'PIL': [Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, sorted(Image.OPEN), sorted(Image.SAVE)],
        'signals': [str(signal.getsignal(number)) for number in signal.valid_signals()],
        'hooks of Python': [name(sys.excepthook), name(sys.displayhook), name(threading.excepthook),
                            faulthandler.is_enabled(), name(sys.stdout), name(sys.stderr)],
        'limits': [sys.getrecursionlimit(), sys.get_int_max_str_digits(), csv.field_size_limit()],
        'paths': [list(sys.path), os.getcwd(), locale.setlocale(locale.LC_ALL)],
    }
'''
COMPARE = """
before = take()
{code}
after = take()
print('changed:', json.dumps([key for key in before if before[key] != after[key]]))
"""
COUNT = """
print('components:', sum(value.__module__.startswith('projects.wsis') for one in vars(registry).values()
                         if isinstance(one, registry.Registry) for value in one.module_dict.values()))
"""
# each text in a process of its own, which has imported the libraries and nothing else
IN_FORKS = """
for text in json.loads(sys.stdin.read()):
    sys.stdout.flush()
    process = os.fork()
    if not process:
        exec(text)
        sys.stdout.flush()
        os._exit(0)
    if os.waitpid(process, 0)[1]:
        sys.exit(f'this fails: {text}')
    print('--- end ---', flush=True)
"""
EVERY_MODULE = (
    'import importlib, pkgutil\n'
    'import projects.wsis\n'
    'from projects.wsis.apis import WSISInferencer\n'
    'for module in pkgutil.walk_packages(projects.wsis.__path__, "projects.wsis."):\n'
    '    importlib.import_module(module.name)\n'
)
A_CONFIG = (
    'from mmengine.config import Config\n'
    'cfg = Config.fromfile("configs/irnet/irnet_r18_20e_demo.py")\n'
    'assert "projects.wsis" in sys.modules\n'
)
CHANGES = [
    ('file backends', 'mmengine.fileio.register_backend("a", mmengine.fileio.LocalBackend)'),
    ('checkpoint loaders', 'CheckpointLoader.register_scheme("a://", print)'),
    ('functions', 'torch.load = lambda *arguments: None'),
    ('functions', 'CheckpointLoader.load_checkpoint = classmethod(lambda cls, name: None)'),
    ('allowed types', 'torch.serialization.add_safe_globals([numpy.ndarray])'),
    ('warnings', 'warnings.simplefilter("ignore")'),
    ('logging', 'logging.getLogger("mmengine").setLevel("ERROR")'),
    ('environment', 'os.environ["OMP_NUM_THREADS"] = "3"'),
    ('start method', 'multiprocessing.set_start_method("spawn")'),
    ('threads', 'cv2.setNumThreads(1 + (cv2.getNumThreads() == 1))'),
    ('random numbers', 'torch.manual_seed(7)'),
    ('PIL', 'Image.MAX_IMAGE_PIXELS = None'),
]


PIECES = {'every module': [EVERY_MODULE], 'a config': [A_CONFIG], 'changes': [code for _, code in CHANGES]}


@pytest.fixture(scope='module')
def found() -> dict[str, tuple[list[list[str]], int]]:
    """Pieces of code run in fresh processes: what each has changed, and how many components of ours there are then."""
    texts = ['\n'.join([*(COMPARE.format(code=code) for code in codes), COUNT]) for codes in PIECES.values()]
    command = [sys.executable, '-c', '\n'.join([LIBRARIES, 'import json', SNAPSHOT, IN_FORKS])]
    options = dict(cwd=ROOT, capture_output=True, text=True, timeout=300)
    result = subprocess.run(command, input=json.dumps(texts), **options)
    assert result.returncode == 0, result.stderr[-3000:]
    outputs = result.stdout.split('--- end ---\n')[:-1]
    return {name: read_output(output) for name, output in zip(PIECES, outputs, strict=True)}


def read_output(output: str) -> tuple[list[list[str]], int]:
    lines = [line.split(': ', 1) for line in output.splitlines() if line.startswith(('changed: ', 'components: '))]
    changed = [json.loads(value) for key, value in lines if key == 'changed']
    return changed, int(next(value for key, value in lines if key == 'components'))


@pytest.mark.parametrize('name', ['every module', 'a config'])
def test_importing_the_package_changes_nothing_but_adds_components(found, name):
    """A shipped config imports it where mmdet reads the config."""
    changed, components = found[name]
    assert changed == [[]] and components > 80


def test_the_check_sees_changes(found):
    changes, components = found['changes']
    assert [kind in changed for (kind, _), changed in zip(CHANGES, changes)] == [True] * len(CHANGES)
    assert components == 0
