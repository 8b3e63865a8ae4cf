"""A wheel holds the package, the configs and the tools, and works without the repository."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from projects.wsis.apis.zoo.metafiles import read_model_index

ROOT = Path(__file__).resolve().parents[1]
PARTS = [
    'projects',
    'configs',
    'tools',
    'requirements',
    'demo',
    'setup.py',
    'setup.cfg',
    'pyproject.toml',
    'MANIFEST.in',
    'README.md',
    'LICENSE',
    'model-index.yml',
    'dataset-index.yml',
]
IGNORED = shutil.ignore_patterns('__pycache__', '*.pyc')


@pytest.fixture(scope='module')
def installed(tmp_path_factory) -> Path:
    """The folder that a wheel was unpacked into, as `pip install .` does it."""
    folder = tmp_path_factory.mktemp('packaging')
    source = folder / 'source'  # a copy, so that the build leaves nothing in the repository
    source.mkdir()
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=IGNORED)
        elif (ROOT / name).is_file():
            shutil.copy2(ROOT / name, source / name)
    command = [
        sys.executable,
        '-m',
        'pip',
        'wheel',
        '--no-deps',
        '--no-build-isolation',
        '--no-index',
        '-w',
        folder,
        '.',
    ]
    result = subprocess.run([str(part) for part in command], cwd=source, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    (wheel,) = folder.glob('*.whl')
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / 'site')
    return folder / 'site'


def names_below(folder: Path, *patterns: str) -> set[str]:
    paths = (path for pattern in patterns for path in folder.rglob(pattern))
    return {path.relative_to(folder).as_posix() for path in paths if '__pycache__' not in path.parts}


def test_wheel_holds_every_module(installed):
    kinds = ('*.py', '*.html', '*.css', '*.js')
    expected = names_below(ROOT / 'projects' / 'wsis', *kinds)
    assert 'inspection/report/page/report.html' in expected
    assert {name for name in expected if not name.startswith('.mim/')} <= names_below(
        installed / 'projects' / 'wsis', *kinds
    )
    assert not (installed / 'projects' / '__init__.py').exists()
    assert {path.name for path in installed.iterdir()} == {'projects', next(installed.glob('*.dist-info')).name}


@pytest.mark.parametrize('name', ['configs', 'tools'])
def test_wheel_holds_configs_and_tools(installed, name):
    expected = names_below(ROOT / name, '*.py', '*.sh', '*.yml', '*.md')
    assert expected
    assert names_below(installed / 'projects' / 'wsis' / '.mim' / name, '*.py', '*.sh', '*.yml', '*.md') == expected


def test_mim_finds_the_model_index_and_its_configs(installed):
    # where mim looks: below the folder of all packages, in the one that the first line of top_level.txt names
    package = next(installed.glob('*.dist-info/top_level.txt')).read_text().splitlines()[0]
    folder = installed / package / '.mim'
    models = read_model_index(folder)
    assert models == read_model_index(ROOT)
    assert all((folder / path).is_file() for model in models for path in (model.config, model.readme))


def test_metadata(installed):
    metadata = next(installed.glob('*.dist-info/METADATA')).read_text()
    assert 'Name: wsis\n' in metadata
    assert 'Requires-Python: >=3.10\n' in metadata
    assert 'Requires-Dist: pycocotools\n' in metadata
    assert 'Provides-Extra: mim\n' in metadata


def test_installed_tools_and_configs_work_from_another_folder(installed, tmp_path):
    tool = installed / 'projects' / 'wsis' / '.mim' / 'tools' / 'misc' / 'print_config.py'
    # -I -S would also hide torch; PYTHONPATH puts the unpacked wheel before an editable install
    result = subprocess.run(
        [sys.executable, str(tool), 'configs/_base_/default_runtime.py'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        env={'PYTHONPATH': str(installed), 'PATH': '/usr/bin:/bin', 'OMP_NUM_THREADS': '1'},
    )
    assert result.returncode == 0, result.stderr
    assert "default_scope = 'mmdet'" in result.stdout
    # where that process has found the package; to import it once more would take seconds
    code = 'import importlib.util; print(importlib.util.find_spec("projects.wsis").origin)'
    result = subprocess.run(
        [sys.executable, '-c', code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        env={'PYTHONPATH': str(installed), 'OMP_NUM_THREADS': '1'},
    )
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()) == installed / 'projects' / 'wsis' / '__init__.py'
