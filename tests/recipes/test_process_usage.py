"""Memory and CPU time of a process with its children, while they run."""

import os
import subprocess
import sys

import pytest

from projects.wsis.recipes import process_usage
from projects.wsis.recipes.process_usage import PROC, ProcessUsage, find_processes

MEGABYTE = 2**20
# a child that keeps 60 MB and works for .3 seconds of CPU time, and is waited for; then all wait for a line
WORK = "import time; kept = bytearray(b'x') * (60 << 20)\nwhile time.process_time() < 0.3: pass"
PARENT = f'import subprocess, sys; child = [sys.executable, "-c", {WORK!r}]; subprocess.run(child); '
PARENT += 'other = subprocess.Popen(["sleep", "60"]); print("done", flush=True); input(); other.kill()'

pytestmark = pytest.mark.skipif(not (PROC / 'self/stat').exists(), reason='this system has no /proc')


def test_children_count_also_when_they_have_ended():
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    usage = ProcessUsage()
    with subprocess.Popen([sys.executable, '-c', PARENT], **pipes) as parent:
        usage.begin([parent.pid])
        assert parent.stdout.readline() == 'done\n'
        assert len(find_processes([parent.pid])) == 2 and os.getpid() not in find_processes([parent.pid])
        usage.look([parent.pid])
        parent.communicate('\n')
        usage.end()
    assert 0.25 < usage.cpu_seconds < 5
    assert find_processes([parent.pid]) == {}


def test_peak_of_the_largest():
    keep = "kept = bytearray(b'x') * (80 << 20); del kept; print('done', flush=True); input()"
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    usage = ProcessUsage()
    with subprocess.Popen([sys.executable, '-c', keep], **pipes) as process:
        assert process.stdout.readline() == 'done\n'
        usage.look([process.pid])
        process.communicate('\n')
    assert 80 * MEGABYTE < usage.peak_memory < 160 * MEGABYTE


def test_nothing_is_known_without_proc(tmp_path, monkeypatch):
    monkeypatch.setattr(process_usage, 'PROC', tmp_path)
    usage = ProcessUsage()
    usage.begin([os.getpid()])
    usage.end()
    assert usage.cpu_seconds is usage.peak_memory is None
