"""Run a script as one of several nodes: `run_node.py NODE NODES PORT SCRIPT ARGUMENTS`."""

import os
import runpy
import sys

node, nodes, port, *sys.argv = sys.argv[1:]
os.environ.update(NODE_RANK=node, NNODES=nodes, MASTER_ADDR='127.0.0.1', PORT=port)
sys.path.insert(0, os.path.dirname(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name='__main__')
