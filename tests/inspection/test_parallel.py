"""Work of several processes: where their modules come from, and the order of results."""

import multiprocessing
import os
import subprocess
import sys

import pytest

from projects.wsis.apis.configs import ROOT

SCRIPT = """
import os, sys
sys.path.insert(0, sys.argv[1])
from projects.wsis.inspection.parallel import map_jobs
from projects.wsis.structures.files import hash_file

if __name__ == '__main__':
    before = dict(os.environ)
    hashes = list(map_jobs(hash_file, sys.argv[2:], processes=2))
    print(hashes == [hash_file(path) for path in sys.argv[2:]], len(set(hashes)), before == dict(os.environ))
"""


@pytest.mark.skipif(
    sys.version_info < (3, 11) or 'forkserver' not in multiprocessing.get_all_start_methods(),
    reason='this Python cannot keep the current folder from its processes, or starts them another way',
)
def test_processes_take_no_modules_of_the_current_folder(tmp_path):
    other = tmp_path / 'projects/wsis'
    other.mkdir(parents=True)
    (other / '__init__.py').write_text(f"open({str(tmp_path / 'imported')!r}, 'w')")
    script = tmp_path / 'script.py'
    script.write_text(SCRIPT)
    paths = []
    for number in range(20):
        paths.append(tmp_path / f'{number}.txt')
        paths[-1].write_text(str(number))
    command = [sys.executable, script, ROOT, *paths]
    environment = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ['True', '20', 'True'] and not (tmp_path / 'imported').exists()
