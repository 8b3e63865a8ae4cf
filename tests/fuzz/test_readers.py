"""Every reader, given odd files: it returns something or raises a documented error, one line that names the file.

More files: ``python tools/analysis_tools/fuzz_readers.py --examples 10000``.
"""

import sys

import pytest

pytest.importorskip('hypothesis', reason='hypothesis (requirements/tests.txt) makes the files')

from documented_commands import load_tool  # noqa: E402
from fuzz.reader import Reader, Trial  # noqa: E402
from fuzz.readers import READERS  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

TOOL = 'tools/analysis_tools/fuzz_readers.py'
WRONG = {
    'KeyError': lambda folder: {}['a'],
    'not of ours': lambda folder: int('a'),
}


@pytest.mark.parametrize('name', READERS)
def test_odd_files_get_one_line(name, tmp_path):
    trial = Trial(READERS[name], tmp_path)
    trial.run(trial.reader.examples)
    assert trial.tried >= trial.reader.examples / 2


@pytest.mark.parametrize('message', WRONG)
def test_other_errors_are_found(message, tmp_path):
    reader = Reader('wrong', 'file.txt', st.binary(max_size=2), WRONG[message])
    with pytest.raises((KeyError, AssertionError)) as caught:
        Trial(reader, tmp_path).run(2)
    assert message in repr(caught.value)


def test_tool_prints_a_table(monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', [TOOL, '--reader', 'points', 'splits', '--examples', '20', '--seed', '3'])
    load_tool(TOOL).main()
    rows = [line.split('│')[1:4] for line in capsys.readouterr().out.splitlines() if '│' in line]
    assert [[cell.strip() for cell in row] for row in rows] == [['points', '20', '0'], ['splits', '20', '0']]


def test_tool_knows_its_readers(monkeypatch):
    monkeypatch.setattr(sys, 'argv', [TOOL, '--reader', 'poinst'])
    with pytest.raises(SystemExit, match="no reader 'poinst'; there are texts, class lists"):
        load_tool(TOOL).main()
