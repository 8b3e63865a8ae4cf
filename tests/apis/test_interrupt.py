"""Ctrl-C ends a tool with one line, and a recipe says that it goes on."""

import signal
from itertools import chain

import pytest
from tiny_chain.fixtures import CONFIGS
from tiny_chain.processes import finish_tool, start_tool

from projects.wsis.apis.errors import GOES_ON, report_errors


def interrupt(*arguments):
    with pytest.raises(SystemExit) as caught, report_errors(*arguments):
        raise KeyboardInterrupt
    assert caught.value.code == 130


def test_an_interrupt_is_one_line(capsys):
    interrupt()
    assert capsys.readouterr().err.split() == ['interrupted']
    interrupt(GOES_ON)
    assert capsys.readouterr().err.strip() == GOES_ON


def test_of_several_processes_one_speaks(monkeypatch, capsys):
    monkeypatch.setenv('RANK', '1')
    interrupt()
    assert capsys.readouterr().err == ''


def test_the_traceback_can_be_asked_for(monkeypatch):
    monkeypatch.setenv('WSIS_TRACEBACK', '1')
    with pytest.raises(KeyboardInterrupt), report_errors():
        raise KeyboardInterrupt


def test_a_recipe_that_is_interrupted_says_that_it_goes_on(demo_root, tmp_path):
    process = start_tool(demo_root, tmp_path, 'pipeline.py', CONFIGS / 'tiny_pipeline.py', '--work-dir', 'work')
    before = next(line for line in chain(process.stdout, [None]) if line is None or 'classifier' in line)
    assert before, 'it ended before its first stage'
    process.send_signal(signal.SIGINT)
    result = finish_tool(process)
    assert result.status == 130, result.tail
    assert GOES_ON in result.output and 'Traceback' not in result.output
    assert (tmp_path / 'work/classifier/stage.json').is_file()
