"""Start groups of processes again and again, and count those that end badly.

Processes that left their group wrongly were seen to abort at their exit now and then, when the machine was busy. Each
process here trains a wrapped model for two steps with gloo, leaves as tools/train.py does, and ends as Python does.
"""

import argparse
import gc
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable
import torch  # noqa: E402
from mmengine.utils import ProgressBar  # noqa: E402
from torch import distributed, nn  # noqa: E402
from torch.nn.parallel import DistributedDataParallel  # noqa: E402

from projects.wsis.apis.launch import finish  # noqa: E402

LEAVING = ('finish', 'nothing')


class Owner:
    """Holds a wrapped model and, as mmengine's Runner does, itself by way of its parts."""

    def __init__(self) -> None:
        self.model = DistributedDataParallel(nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 1)))
        self.owner = self


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description='Count processes that abort while they leave their group')
    parser.add_argument('--starts', type=int, default=200, metavar='N', help='groups to start (default: 200)')
    parser.add_argument('--processes', type=int, default=2, metavar='N', help='processes of a group (default: 2)')
    parser.add_argument(
        '--load', type=int, default=os.cpu_count() or 1, metavar='N', help='busy processes beside (default: one a core)'
    )
    parser.add_argument(
        '--leave', choices=LEAVING, default='finish', help='how to leave: as the tools do, or not at all, to compare'
    )
    return parser


def train_and_leave(rank: int, processes: int, rendezvous: Path, leave: str) -> None:
    """Do what a process of a training does, up to its exit."""
    distributed.init_process_group('gloo', init_method=f'file://{rendezvous}', rank=rank, world_size=processes)
    model = Owner().model
    for _ in range(2):
        model(torch.randn(4, 8)).sum().backward()
    del model
    if leave == 'finish':
        finish()


def start_group(processes: int, rendezvous: Path, leave: str) -> list[int]:
    """Fork the processes of a group and return their process ids; in them, once they have left, nothing is returned."""
    ids = []
    for rank in range(processes):
        if process := os.fork():
            ids.append(process)
            continue
        train_and_leave(rank, processes, rendezvous, leave)
        return []
    return ids


def keep_busy() -> int:
    """Fork a process that computes until it is ended, or its parent ends."""
    parent = os.getpid()
    if process := os.fork():
        return process
    while os.getppid() == parent:
        sum(range(100000))
    os._exit(0)


def count_ends(arguments: argparse.Namespace, folder: Path) -> Counter[str] | None:
    """Start the groups and count how their processes end; None in such a process."""
    ends: Counter[str] = Counter()
    progress = ProgressBar(arguments.starts, file=sys.stderr)
    for start in range(arguments.starts):
        group = start_group(arguments.processes, folder / str(start), arguments.leave)
        if not group:
            return None
        for process in group:
            status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            ends['well' if status == 0 else f'by signal {-status}' if status < 0 else f'with status {status}'] += 1
        progress.update()
    return ends


def main() -> int:
    """Start the groups, and print how their processes ended."""
    arguments = build_parser().parse_args()
    torch.set_num_threads(1)
    gc.freeze()  # else each process would look through all that is imported, twice
    busy = [keep_busy() for _ in range(arguments.load)]
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp())  # its processes leave by the end of this function, and no `with` is to end there
    ends = count_ends(arguments, folder)
    if ends is None:  # through the whole end of the interpreter, where the aborts were
        return 0
    for process in busy:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    shutil.rmtree(folder)
    counts = ', '.join(f'{count} ended {end}' for end, count in ends.most_common())
    print(
        f'{arguments.starts} starts of {arguments.processes} processes beside {arguments.load} busy ones, leaving by '
        f'{arguments.leave}: {counts} ({time.monotonic() - began:.0f} s)'
    )
    return int(set(ends) != {'well'})


if __name__ == '__main__':
    sys.exit(main())
