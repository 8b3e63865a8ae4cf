"""Every missing or wrong piece of the environment gets one line with its remedy."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from projects.wsis import environment

ROOT = Path(__file__).resolve().parents[1]
SETUP = ROOT / 'tools' / 'misc' / 'setup_environment.py'
MAINTAINED = {
    'torch': '2.13.0+cpu',
    'onedl-mmengine': '0.10.12',
    'onedl-mmcv': '2.3.6',
    'onedl-mmdetection': '3.5.1',
    'onedl-mmsegmentation': '1.4.2',
}
ORIGINAL = {
    'torch': '2.4.1',
    'mmengine': '0.10.7',
    'mmcv': '2.1.0',
    'mmdet': '3.3.0',
    'mmsegmentation': '1.2.2',
}


@pytest.fixture
def install(monkeypatch):
    """Pretend that just these distributions are installed."""

    def pretend(versions: dict[str, str]) -> None:
        monkeypatch.setattr(environment, '_installed', versions.get)
        monkeypatch.setattr(environment, 'find_spec', lambda name: None)

    return pretend


def test_this_environment_is_fine():
    assert environment.find_problem() is None
    environment.check_environment()


@pytest.mark.parametrize('versions', [MAINTAINED, ORIGINAL], ids=['maintained', 'original'])
def test_both_stacks_are_fine(install, versions):
    install(versions)
    assert environment.find_problem() is None


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'torch': None}, 'torch is not installed: run `make setup`'),
        ({'torch': '2.3.1'}, 'torch 2.3.1 does not fit (needed: >=2.4)'),
        ({'onedl-mmengine': '0.9.0'}, 'onedl-mmengine 0.9.0 does not fit (needed: >=0.10.8,<1.0)'),
        ({'onedl-mmcv': None}, 'mmcv is not installed'),
        ({'onedl-mmcv': '1.7.0'}, 'onedl-mmcv 1.7.0 does not fit'),
        ({'onedl-mmdetection': '2.28'}, 'onedl-mmdetection 2.28 does not fit'),
        ({'onedl-mmsegmentation': None}, 'mmseg is not installed'),
        ({'onedl-mmsegmentation': '0.30'}, 'onedl-mmsegmentation 0.30 does not fit'),
        ({'mmengine': '0.10.7'}, 'onedl-mmengine and mmengine are both installed and overwrite each other'),
    ],
    ids=str,
)
def test_missing_or_wrong_version(install, change, message):
    install({name: found for name, found in (MAINTAINED | change).items() if found})
    problem = environment.find_problem()
    assert message in problem
    assert '`' in problem.split(message)[-1] or '`' in message  # the remedy is a command
    assert '\n' not in problem
    with pytest.raises(ImportError, match='WSIS cannot run here'):
        environment.check_environment()


def test_mmcv_too_new_for_the_original_mmdet(install):
    install(ORIGINAL | {'mmcv': '2.2.0'})
    assert 'mmcv 2.2.0 does not fit (needed: >=2.0,<2.2)' in environment.find_problem()


def test_compiled_operators_are_looked_for_without_importing_mmcv(tmp_path, monkeypatch):
    lite = tmp_path / 'mmcv'
    lite.mkdir()
    (lite / '__init__.py').write_text('raise RuntimeError("imported")')
    for name in [name for name in sys.modules if name == 'mmcv' or name.startswith('mmcv.')]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not environment.has_compiled_operators()
    (lite / '_ext.cpython-311-x86_64-linux-gnu.so').touch()
    assert environment.has_compiled_operators()


def test_old_python(monkeypatch):
    monkeypatch.setattr(environment.sys, 'version_info', (3, 9, 1))
    assert 'Python 3.9.1 at ' in environment.find_problem()
    assert 'use Python 3.10 or newer' in environment.find_problem()


@pytest.fixture
def setup_environment():
    """The set-up tool as a module."""
    specification = importlib.util.spec_from_file_location('setup_environment', SETUP)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_setup_names_an_old_python(setup_environment, monkeypatch):
    monkeypatch.setattr(setup_environment.sys, 'version_info', (3, 9, 1))
    with pytest.raises(SystemExit, match=r'error: Python 3\.9 at .* is too old: install Python 3\.10 or newer'):
        setup_environment.check_python()


def test_setup_names_a_missing_compiler(setup_environment, monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.delenv('CXX', raising=False)
    with pytest.raises(SystemExit, match=r'error: no C\+\+ compiler found .*which mmcv needs: install g\+\+'):
        setup_environment.check_compiler('mmcv')
    compiler = tmp_path / 'g++'
    compiler.write_text('#!/bin/sh\n')
    compiler.chmod(0o755)
    setup_environment.check_compiler('mmcv')
    monkeypatch.setenv('CXX', 'no-such-compiler -O2')
    with pytest.raises(SystemExit, match='no-such-compiler'):
        setup_environment.check_compiler('mmcv')


def test_setup_is_repeated_when_requirements_change(setup_environment, monkeypatch, tmp_path):
    files = {}
    for name in setup_environment.STAMPED_FILES:
        files[name] = tmp_path / name
        files[name].parent.mkdir(parents=True, exist_ok=True)
        files[name].write_text('a')
    installer = setup_environment.Installer()
    installer.stamp = str(tmp_path / 'stamp')
    monkeypatch.setattr(setup_environment, 'ROOT', str(tmp_path))
    assert not installer.is_done()
    Path(installer.stamp).write_text(installer.fingerprint() + '\n')
    assert installer.is_done()
    files['requirements/mminstall.txt'].write_text('b')
    assert not installer.is_done()
    files['requirements/mminstall.txt'].write_text('a')
    assert installer.is_done()
    installer.compile_mmcv = True
    for compiled in (False, True):
        monkeypatch.setattr(installer.check, 'has_compiled_operators', lambda compiled=compiled: compiled)
        assert installer.is_done() is compiled
    monkeypatch.setattr(installer.check, 'find_problem', lambda: 'mmcv is gone')
    assert not installer.is_done()


@pytest.fixture
def install_mmcv(setup_environment, monkeypatch):
    """Install mmcv where there is no wheel of it, and return the arguments of pip that got it."""

    def install(
        gpu: bool = False, installed: bool = False, broken: bool = False, wheel: bool = False, **options: bool
    ) -> list[tuple[str, ...]]:
        calls = []

        def pip(*arguments, **_):
            calls.append(arguments)
            return int('--only-binary' in arguments and not wheel)

        installer = setup_environment.Installer(**options)

        def runs(code):
            if 'cuda' in code:
                return gpu
            taken = wheel and any({'--only-binary', '--force-reinstall'} <= set(call) for call in calls)
            return taken or any('--no-build-isolation' in call for call in calls)

        monkeypatch.setattr(installer, 'pip', pip)
        monkeypatch.setattr(installer, 'runs', runs)
        version = setup_environment.MMCV.split('==')[1]
        monkeypatch.setattr(
            installer.check, '_installed', lambda name: version if installed and 'mmcv' in name else None
        )
        monkeypatch.setattr(installer.check, 'has_compiled_operators', lambda: broken)
        installer.original = options.get('original', False)
        installer.install_mmcv(setup_environment.ORIGINAL_MMCV if installer.original else setup_environment.MMCV)
        return [call for call in calls if '--no-binary' in call]

    return install


def test_setup_compiles_mmcv_only_where_that_is_needed(install_mmcv):
    (call,) = install_mmcv()
    assert '--no-build-isolation' not in call and '--no-cache-dir' in call
    for options in ({'gpu': True}, {'compile_mmcv': True}, {'original': True}):
        (call,) = install_mmcv(**options)
        assert '--no-build-isolation' in call


def test_setup_keeps_mmcv_without_operators_until_they_are_needed(install_mmcv):
    assert install_mmcv(installed=True) == []
    (call,) = install_mmcv(installed=True, compile_mmcv=True)
    assert '--no-build-isolation' in call
    assert install_mmcv(installed=True, compile_mmcv=True, wheel=True) == []


def test_setup_replaces_operators_that_do_not_load(install_mmcv):
    (call,) = install_mmcv(installed=True, broken=True)
    assert '--no-build-isolation' not in call and '--force-reinstall' in call


def test_setup_installs_what_docs_need_once(setup_environment, monkeypatch, tmp_path):
    requirements = tmp_path / setup_environment.DOCS_REQUIREMENTS
    requirements.parent.mkdir()
    requirements.write_text('sphinx')
    calls = []
    installer = setup_environment.Installer()
    installer.docs_stamp = str(tmp_path / 'stamp')
    monkeypatch.setattr(installer, 'pip', lambda *arguments, **_: calls.append(arguments))
    monkeypatch.setattr(setup_environment, 'ROOT', str(tmp_path))
    installer.add_docs()
    installer.add_docs()
    assert calls == [('install', '-r', setup_environment.DOCS_REQUIREMENTS)]
    requirements.write_text('sphinx>=9')
    installer.add_docs()
    assert len(calls) == 2


def test_versions_of_setup_and_requirements_agree(setup_environment):
    stack = (ROOT / 'requirements' / 'mminstall.txt').read_text().splitlines()
    assert setup_environment.MMCV in stack
    original = (ROOT / 'requirements' / 'mminstall-openmmlab.txt').read_text().splitlines()
    assert setup_environment.ORIGINAL_MMCV in original
    for name in ('mminstall.txt', 'mminstall-openmmlab.txt'):
        known = {row[0]: row for rows in environment.STACK.values() for row in rows}
        pinned = [line.split('==') for line in (ROOT / 'requirements' / name).read_text().splitlines() if '==' in line]
        assert len(pinned) == 4
        for distribution, version in pinned:
            _, minimum, maximum = known[distribution]
            found = environment._release(version)
            assert environment._release(minimum) <= found < environment._release(maximum)


def test_import_works_from_another_folder(tmp_path):
    code = f'import sys; sys.path.insert(0, {str(ROOT)!r}); import projects.wsis; print(projects.wsis.__version__)'
    result = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
