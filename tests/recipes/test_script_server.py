"""Scripts as forks of a process that has imported modules: their output, their ends, and that they share nothing."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from projects.wsis.recipes.script_server import ScriptServer

pytestmark = pytest.mark.skipif(not ScriptServer.is_possible(), reason='this system cannot fork')


@pytest.fixture(scope='module')
def server():
    """A server that has imported no more than the package and a module of its own."""
    with ScriptServer(modules=['colorsys', 'no_such_module']) as server:
        yield server


@pytest.fixture
def write(tmp_path):
    """Function: write a script and return its path."""

    def write_script(text):
        path = tmp_path / f'script{len(list(tmp_path.iterdir()))}.py'
        path.write_text(textwrap.dedent(text))
        return path

    return write_script


def run(server, script, *arguments, folder='.'):
    with server.start([script, *arguments], folder) as process:
        output = process.stdout.read()
    return process.returncode, output


def test_script_runs_as_python_would_run_it(server, write, tmp_path):
    (tmp_path / 'beside.py').write_text('name = "beside"')
    script = write("""
        import os, sys
        import beside
        sys.stdout.reconfigure(errors='backslashreplace')
        preloaded = 'colorsys' in sys.modules
        print(__name__, sys.argv[1:], os.getcwd(), beside.name, preloaded, sys.stdin.read() == '')
        print('and errors', file=sys.stderr)
    """)
    folder = tmp_path / "a, 'b' [c]"
    folder.mkdir()
    status, output = run(server, script, '--x', 'ä b', folder=folder)
    assert status == 0
    assert sorted(output.splitlines()) == [
        f"__main__ ['--x', 'ä b'] {folder} beside True True",
        'and errors',
    ]


@pytest.mark.parametrize(
    'text, status, told',
    [
        ('import sys; sys.exit(3)', 3, ''),
        ('raise SystemExit("error: no photos")', 1, 'error: no photos'),
        ('1 / 0', 1, 'ZeroDivisionError: division by zero'),
        ('import os, signal; os.kill(os.getpid(), signal.SIGKILL)', -signal.SIGKILL, ''),
        ('import atexit; atexit.register(print, "left")', 0, 'left'),
    ],
)
def test_ends_of_scripts(server, write, text, status, told):
    found, output = run(server, write(text))
    assert found == status
    assert output.strip().endswith(told) and bool(output) == bool(told)


def test_scripts_share_nothing(server, write):
    script = write("""
        import os, random, sys
        import numpy as np
        print(random.random(), np.random.rand(), os.environ.get('MARK'), hasattr(sys, 'mark'))
        os.environ['MARK'] = '1'
        sys.mark = True
    """)
    first, second = (run(server, script)[1].split() for _ in range(2))
    assert first[2:] == second[2:] == ['None', 'False']
    assert first[0] != second[0] and first[1] != second[1]


def test_scripts_run_side_by_side_and_are_ended(server, write):
    sleeping = server.start([write('import time; print("here", flush=True); time.sleep(60)')])
    assert sleeping.stdout.readline() == 'here\n' and sleeping.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        sleeping.wait(0.05)
    assert run(server, write('print(1)')) == (0, '1\n')
    sleeping.terminate()
    assert sleeping.wait(20) == -signal.SIGTERM
    sleeping.kill()  # nothing is left to end
    with sleeping:
        pass


GROUP = [dict(PLACE_IN_GROUP=str(place)) for place in range(3)]


def test_several_processes_run_a_script_together(server, write):
    script = write('import os; print(os.environ["PLACE_IN_GROUP"], os.getpid())')
    with server.start([script], environments=GROUP) as process:
        lines = sorted(line.split() for line in process.stdout)
    assert [place for place, _ in lines] == ['0', '1', '2'] and process.returncode == 0
    assert [int(pid) for _, pid in lines] == process.pids
    assert 'PLACE_IN_GROUP' not in run(server, write('import os; print(list(os.environ))'))[1], 'of one script only'


@pytest.mark.parametrize('end, status', [('sys.exit(3)', 3), ('os.kill(os.getpid(), 9)', -signal.SIGKILL)])
def test_the_rest_of_a_group_ends_when_one_fails(server, write, end, status):
    script = write(f"""
        import os, sys, time
        if os.environ['PLACE_IN_GROUP'] == '1':
            {end}
        time.sleep(60)
    """)
    with server.start([script], environments=GROUP) as process:
        assert process.wait(20) == status
        assert process.poll() == status


def test_all_of_a_group_are_ended(server, write):
    with server.start([write('import time; time.sleep(60)')], environments=GROUP) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM


def test_scripts_end_with_their_server(write):
    server = ScriptServer(modules=[])
    sleeping = server.start([write('import time; time.sleep(60)')])
    server.close()
    with sleeping:
        assert sleeping.wait(20) == -signal.SIGTERM
    with pytest.raises(ChildProcessError, match='has ended'):
        server.start([write('')])


@pytest.mark.skipif(sys.platform != 'linux', reason='processes are read from /proc')
@pytest.mark.parametrize('number', [signal.SIGKILL, signal.SIGTERM])
def test_scripts_end_with_a_killed_parent(server, write, number):
    """Else a stage of a killed recipe would write into the folder of the next call."""
    sleeper = write('import os, time; print(os.getpid(), flush=True); time.sleep(60)')
    parent = write(f"""
        import sys, time
        sys.path.insert(0, {str(Path(__file__).resolve().parents[2])!r})
        from projects.wsis.recipes.script_server import ScriptServer
        server = ScriptServer(modules=[])
        process = server.start([{str(sleeper)!r}])
        print(process.stdout.readline(), end='', flush=True)
        time.sleep(60)
    """)
    with server.start([parent]) as process:
        child = int(process.stdout.readline())
        process.send_signal(number)
    deadline = time.monotonic() + 20
    while Path(f'/proc/{child}').exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f'/proc/{child}').exists() or os.waitpid(child, os.WNOHANG)


@pytest.mark.parametrize('device', ['cuda', 'cpu'])
def test_a_script_starts_anew_where_its_fork_could_not_use_a_gpu(write, tmp_path, monkeypatch, device):
    module = tmp_path / 'counts_gpus.py'
    module.write_text(
        'import torch\nfrom mmengine.device import utils\n'
        f'torch.cuda._is_in_bad_fork, utils.DEVICE = lambda: True, {device!r}\n'
    )
    script = write("""
        import os, sys
        print('counts_gpus' in sys.modules, sys.argv[1:], os.environ['RANK'])
        sys.exit(3)
    """)
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))
    with (
        ScriptServer(['counts_gpus']) as server,
        server.start([script, '--x'], environments=[{'RANK': '5'}]) as process,
    ):
        output = process.stdout.read()
    assert process.returncode == 3 and output == f"{device == 'cpu'} ['--x'] 5\n"
