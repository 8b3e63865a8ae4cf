"""`--cfg-options` of every tool: values as mmengine reads them, and one line on what is no `key=value`."""

import argparse
import re
import runpy
import sys

import pytest
from mmengine.config import DictAction
from tiny_chain.processes import ROOT

from projects.wsis.apis.config_options import ConfigOptionsAction

PAIRS = ('a.b=1', 'c=0.5', 'd=True', 'e=None', 'f=x=y', 'g=[1,(2,3)]', 'h=1,2', 'i=', 'a.b=2')


def read(action: type[argparse.Action], *words: str, **settings) -> dict | None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=action, **settings)
    return parser.parse_args(words).cfg_options


def test_pairs_are_read_as_mmengine_does():
    words = ['--cfg-options', *PAIRS[:4], '--cfg-options', *PAIRS[4:]]
    assert read(ConfigOptionsAction, *words) == read(DictAction, *words)
    assert read(ConfigOptionsAction) is None


def test_a_default_is_not_changed():
    default: dict = {}
    assert read(ConfigOptionsAction, '--cfg-options', 'a=1', default=default) == {'a': 1}
    assert default == {}


@pytest.mark.parametrize(
    ('value', 'line'),
    [
        ('iterations', r'--cfg-options iterations: give key=value'),
        ('=5', r'--cfg-options =5: give key=value'),
        ('a=[1,(2]', r'--cfg-options a=\[1,\(2\]: a bracket .*; write a list as key="\[a,b\]"'),
    ],
)
def test_what_is_no_pair_is_one_line(value, line, capsys):
    with pytest.raises(SystemExit) as caught:
        read(ConfigOptionsAction, '--cfg-options', 'a=1', value)
    assert caught.value.code == 2
    assert re.search(rf'error: {line}$', capsys.readouterr().err.strip())


@pytest.mark.parametrize('tool', ['pipeline.py', 'label_photos.py', 'train.py', 'test.py', 'misc/print_config.py'])
def test_tools_tell_it_before_they_begin(tool, monkeypatch, capsys):
    path = ROOT / 'tools' / tool
    required = ['--tags', 'tags.csv', '--out', 'out'] if tool == 'label_photos.py' else []
    places = ['config.py', *(['none'] if tool == 'test.py' else [])]
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    monkeypatch.setattr(sys, 'argv', [str(path), *places, *required, '--cfg-options', 'iterations'])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(path), run_name='__main__')
    assert caught.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith('error: --cfg-options iterations: give key=value')


def test_no_tool_reads_options_in_another_way():
    scripts = [path for folder in ('tools', 'demo', 'projects') for path in (ROOT / folder).rglob('*.py')]
    assert scripts
    own = ROOT / 'projects' / 'wsis' / 'apis' / 'config_options.py'
    assert [path.name for path in scripts if path != own and re.search(r'\bDictAction\b', path.read_text())] == []
