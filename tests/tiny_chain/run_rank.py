"""Run a script as one process of a group: `run_rank.py RANK PROCESSES PORT SCRIPT ARGUMENTS`."""

import os
import runpy
import sys

rank, processes, port, *sys.argv = sys.argv[1:]
os.environ.update(
    RANK=rank,
    LOCAL_RANK=rank,
    WORLD_SIZE=processes,
    LOCAL_WORLD_SIZE=processes,
    MASTER_ADDR='127.0.0.1',
    MASTER_PORT=port,
)
sys.path.insert(0, os.path.dirname(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name='__main__')
