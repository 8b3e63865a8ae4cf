"""Run a script as one process of a group: `run_rank.py RANK PROCESSES NODES PORT SCRIPT ARGUMENTS`."""

import os
import runpy
import sys

rank, processes, nodes, port, *sys.argv = sys.argv[1:]
on_this_node = -(-int(processes) // int(nodes))
os.environ.update(
    RANK=rank,
    LOCAL_RANK=str(int(rank) % on_this_node),
    WORLD_SIZE=processes,
    LOCAL_WORLD_SIZE=str(on_this_node),
    MASTER_ADDR='127.0.0.1',
    MASTER_PORT=port,
)
sys.path.insert(0, os.path.dirname(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name='__main__')
