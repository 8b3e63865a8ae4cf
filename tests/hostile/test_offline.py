"""The tools need no network: real stages run, and ask for none, where it is refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_chain.fixtures import CONFIGS
from tiny_chain.processes import TOOLS, link_demo, make_environment

GUARD = Path(__file__).resolve().parent / 'guard'
ATTEMPTS = {
    'name': 'import socket; socket.getaddrinfo("example.org", 80)',
    'address': 'import socket; socket.create_connection(("192.0.2.1", 80), 1)',
    'library': 'from urllib.request import urlopen; urlopen("http://192.0.2.1", timeout=1)',
    'installer': 'import subprocess, sys; subprocess.run([sys.executable, "-m", "pip", "--version"])',
    'shell': 'import os; os.system("pip --version")',
    'child': 'import subprocess, sys; '
    'subprocess.run([sys.executable, "-c", "import socket; socket.gethostbyname(\'example.org\')"], check=True)',
}


def run_guarded(folder: Path, *command: object) -> tuple[subprocess.CompletedProcess, str]:
    """Run Python with the network refused; return its result and what it asked for."""
    notes = folder / 'attempts.txt'
    environment = make_environment()
    paths = [str(GUARD), environment['PYTHONPATH']]
    environment.update(PYTHONPATH=os.pathsep.join(paths), WSIS_TEST_ATTEMPTS=str(notes))
    command = [sys.executable, *map(str, command)]
    found = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=380)
    return found, notes.read_text() if notes.exists() else ''


@pytest.mark.parametrize('kind', ATTEMPTS)
def test_the_guard_sees(kind, tmp_path):
    found, attempts = run_guarded(tmp_path, '-c', ATTEMPTS[kind])
    assert found.returncode != 0 and attempts


def test_local_sockets_pass(tmp_path):
    code = (
        'import socket; server = socket.create_server(("127.0.0.1", 0)); '
        'socket.create_connection(server.getsockname()); socket.socketpair()'
    )
    found, attempts = run_guarded(tmp_path, '-c', code)
    assert found.returncode == 0 and not attempts, found.stderr


def test_a_recipe_with_its_report_asks_for_nothing(demo_root, tmp_path):
    """All stages of the tiny chain, training and label making, each a process of its own."""
    link_demo(tmp_path, demo_root)
    found, attempts = run_guarded(tmp_path, TOOLS / 'pipeline.py', CONFIGS / 'tiny_pipeline.py', '--work-dir', 'work')
    assert found.returncode == 0, found.stdout[-4000:] + found.stderr[-4000:]
    assert attempts == ''
    assert (tmp_path / 'work' / 'report.html').is_file()
