"""Every tutorial works: its files are written and its commands run in the order of the page, on the tiny demo set."""

import importlib
import inspect
import runpy
import shlex
import sys
import types
from pathlib import Path

import pytest
from markdown_blocks import join_lines, read_blocks
from mmengine.registry import DATASETS, METRICS, MODELS, TRANSFORMS, DefaultScope
from tiny_chain.processes import ROOT, TOOLS, link_demo

FOLDER = ROOT / 'docs' / 'tutorials'
PAGES = [page for page in sorted(FOLDER.glob('*.md')) if any(block.file for block in read_blocks(page))]
REGISTRIES = (DATASETS, METRICS, MODELS, TRANSFORMS)
# Few small images, loaded without processes of their own, whose start would take longer than what they do.
LOADING = ('num_workers=0', 'persistent_workers=False')
SMALL = [
    *(f'{phase}_dataloader.{setting}' for phase in ('train', 'val', 'test') for setting in LOADING),
    'train_dataloader.dataset.serialize_data=False',
    'test_dataloader.dataset.serialize_data=False',
    'train_dataloader.batch_size=2',
    'train_dataloader.dataset.pipeline.3.crop_size=64',
    'test_dataloader.dataset.indices=3',
]


@pytest.fixture
def checkout(demo_root, tmp_path, monkeypatch) -> Path:
    """The current folder: a repository after `make demo-data`; what its projects register is forgotten at the end."""
    for name in ('configs', 'tools', 'demo'):
        (tmp_path / name).symlink_to(ROOT / name, target_is_directory=True)
    monkeypatch.chdir(link_demo(tmp_path, demo_root))
    monkeypatch.syspath_prepend(str(tmp_path))
    for registry in REGISTRIES:
        monkeypatch.setattr(registry, '_module_dict', dict(registry.module_dict))
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        module_file = getattr(sys.modules[name], '__file__', None) or ''
        if module_file.startswith(str(tmp_path)):
            del sys.modules[name]


def run_command(line: str, monkeypatch, number: int) -> None:
    """Run a command of a page in this process."""
    program, *arguments = shlex.split(line)
    if line == 'make demo-data':
        return  # the fixture stands for it
    assert program == 'python', f'no way to run `{line}`: say in this test how'
    if arguments[:2] == ['-m', 'pytest']:
        run_tests(Path(arguments[2]))
    elif arguments[0] == '-m':
        runpy.run_module(arguments[1], run_name='__main__')
    else:
        if arguments[0] in ('tools/train.py', 'tools/test.py'):
            options = [*SMALL, f'visualizer.name=page_{number}']
            arguments += options if '--cfg-options' in arguments else ['--cfg-options', *options]
        run_tool(arguments, monkeypatch)


def run_tool(arguments: list[str], monkeypatch) -> None:
    tool = TOOLS.parent / arguments[0]
    monkeypatch.syspath_prepend(str(tool.parent))
    monkeypatch.setattr(sys, 'argv', arguments)
    try:
        runpy.run_path(str(tool), run_name='__main__')
    except SystemExit as left:
        assert not left.code, f'{shlex.join(arguments)} has failed: {left.code}'


def run_tests(folder: Path) -> None:
    """Call the test functions of a folder as pytest does."""
    found = 0
    for path in folder.glob('test_*.py'):
        module: types.ModuleType = importlib.import_module('.'.join(path.with_suffix('').parts))
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name.startswith('test_'):
                function()
                found += 1
    assert found, f'{folder} has no test'


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.stem)
def test_tutorial_works(page, checkout, monkeypatch):
    prose = page.read_text(encoding='utf-8')
    commands = 0
    for block in read_blocks(page):
        place = f'{page.name}:{block.line}'
        if block.file:
            assert prose.count(f'`{block.file}`'), f'{place}: the text does not say what to save this block as'
            path = checkout / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding='utf-8')
            importlib.invalidate_caches()
            continue
        assert block.language == 'shell', f'{place}: a block is a file to save or commands to run'
        for line in join_lines(block.text):
            run_command(line, monkeypatch, block.line)
            commands += 1
    assert commands > 2
    check_results(page.stem, checkout)


def check_results(name: str, folder: Path) -> None:
    """Check what a page says that its commands leave behind."""
    work = folder / 'work_dirs'
    if name == 'add_a_method':
        assert len(list((work / 'lse-cam_r18_36e_demo' / 'cams').glob('*.npz'))) == 3
    if name == 'add_a_metric':
        assert '"pointing/energy": ' in (folder / 'energy.json').read_text()
    if name == 'add_a_data_set':
        assert (work / 'my_photos' / 'iter_2.pth').is_file() and (work / 'open_images' / 'iter_2.pth').is_file()


def test_every_subject_has_its_page():
    subjects = {'add_a_data_set', 'add_a_loss', 'add_a_method', 'add_a_metric', 'swap_a_backbone'}
    assert subjects <= {page.stem for page in PAGES}
