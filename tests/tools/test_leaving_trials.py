"""The trials of leaving a process group."""

import re

from tiny_chain.processes import TOOLS, run_tool


def test_ends_are_counted(tmp_path):
    result = run_tool(None, tmp_path, 'analysis_tools/leaving_trials.py', '--starts', 2, '--load', 1)
    assert result.status == 0, result.tail
    told = r'2 starts of 2 processes beside 1 busy ones, leaving by finish: 4 ended well \(\d+ s\)'
    assert re.search(told, result.output), result.tail


def test_aborts_are_told(tmp_path):
    script = tmp_path / 'aborting.py'
    script.write_text(
        'import os, runpy, sys\nfrom projects.wsis.apis import launch\nlaunch.finish = os.abort\n'
        'sys.argv.pop(0)\nsys.path.insert(0, os.path.dirname(sys.argv[0]))\n'
        'runpy.run_path(sys.argv[0], run_name="__main__")\n'
    )
    tool = TOOLS / 'analysis_tools/leaving_trials.py'
    result = run_tool(None, tmp_path, script, tool, '--starts', 1, '--load', 0)
    assert result.status == 1 and '2 ended by signal 6' in result.output, result.tail
