"""Which of several machines this one is: from the variables of mmdet's dist_train.sh, or from those of slurm."""

import argparse
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

LAUNCHERS = ('none', 'pytorch', 'slurm')
DEFAULT_PORT = 29500
# of jobs that may share a machine: two ports each, above those that programs are registered for
FIRST_SLURM_PORT, SLURM_PORTS = 20000, 20000


@dataclass(frozen=True)
class NodePlace:
    """The place of this machine (a node) among those that run one recipe together.

    Attributes:
        count: How many nodes there are.
        rank: Number of this one; node 0 decides and writes the results.
        address: Name or address of node 0.
        port: Port at which node 0 tells the others what to do; the processes of a stage meet at the next one.
    """

    count: int = 1
    rank: int = 0
    address: str = '127.0.0.1'
    port: int = DEFAULT_PORT

    def __post_init__(self) -> None:
        if self.count < 1 or not 0 <= self.rank < self.count:
            raise ValueError(
                f'node {self.rank} of {self.count} is none: nodes are numbered from 0 to one less than there are '
                '(NNODES and NODE_RANK)'
            )
        if not 1 <= self.port <= 65534:
            raise ValueError(f'PORT={self.port}: name a port from 1 to 65534')

    @property
    def is_first(self) -> bool:
        """Whether this node decides and writes the results."""
        return self.rank == 0


def add_launcher(parser: argparse.ArgumentParser) -> None:
    """Add the option of recipes that says how this machine learns which of several it is."""
    parser.add_argument(
        '--launcher',
        choices=LAUNCHERS,
        default='none',
        help='on several machines, call the same command on each, with --launcher pytorch and the variables NNODES, '
        'NODE_RANK, MASTER_ADDR and PORT, or in a slurm job by srun --ntasks-per-node=1 with --launcher slurm; --gpus '
        'is the number for each machine (default: this machine only)',
    )


def count_nodes(environment: Mapping[str, str] = os.environ) -> int:
    """Return how many machines the variable ``NNODES`` asks for.

    Raises:
        ValueError: If it is no whole number; one line.
    """
    return _read_number(environment, 'NNODES', 1)


def find_place(launcher: str, environment: Mapping[str, str] = os.environ) -> NodePlace:
    """Return the place of this node.

    Args:
        launcher: ``none`` (this machine only), ``pytorch`` (``NNODES``, ``NODE_RANK``, ``MASTER_ADDR`` and ``PORT`` say
            which it is) or ``slurm`` (a step of one task on each node, started by ``srun``).
        environment: The environment variables.

    Raises:
        ValueError: If a variable is missing, or does not fit; one line.
    """
    if launcher == 'slurm':
        return _find_slurm_place(environment)
    count = count_nodes(environment)
    if launcher == 'none':
        if count > 1:
            raise ValueError(f'NNODES={count} needs --launcher pytorch; unset NNODES to run on this machine only')
        return NodePlace()
    if count > 1 and not environment.get('MASTER_ADDR'):
        raise ValueError(f'NNODES={count} needs MASTER_ADDR, the name or address of node 0: set it on each node')
    address = environment.get('MASTER_ADDR') or '127.0.0.1'
    return NodePlace(
        count, _read_number(environment, 'NODE_RANK', 0), address, _read_number(environment, 'PORT', DEFAULT_PORT)
    )


def _find_slurm_place(environment: Mapping[str, str]) -> NodePlace:
    missing = [name for name in ('SLURM_NNODES', 'SLURM_NODEID', 'SLURM_NTASKS') if not environment.get(name)]
    if missing:
        raise ValueError(f'--launcher slurm: {missing[0]} is not set: start it with srun --ntasks-per-node=1, in a job')
    count, tasks = (_read_number(environment, name, 1) for name in ('SLURM_NNODES', 'SLURM_NTASKS'))
    if tasks != count:
        raise ValueError(
            f'--launcher slurm: {tasks} tasks on {count} nodes: start one on each, with srun --ntasks-per-node=1; '
            '--gpus says how many processes each of them starts'
        )
    job = _read_number(environment, 'SLURM_JOB_ID', 0)
    port = FIRST_SLURM_PORT + 2 * job % SLURM_PORTS
    address = environment.get('MASTER_ADDR') or ('127.0.0.1' if count == 1 else _find_first_host(environment))
    return NodePlace(
        count, _read_number(environment, 'SLURM_NODEID', 0), address, _read_number(environment, 'PORT', port)
    )


def _find_first_host(environment: Mapping[str, str]) -> str:
    """Return the first host of a job's list, which slurm writes in a short form (``node[01-04]``)."""
    hosts = environment.get('SLURM_STEP_NODELIST') or environment.get('SLURM_JOB_NODELIST') or ''
    try:
        command = ['scontrol', 'show', 'hostnames', hosts]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return result.stdout.split()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        raise ValueError(
            f'--launcher slurm: scontrol does not say which hosts {hosts!r} are: set MASTER_ADDR to the first of them'
        ) from None


def _read_number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    try:
        return int(text)
    except ValueError:
        raise ValueError(f'{name}={text!r} is no whole number') from None
