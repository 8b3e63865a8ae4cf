"""Processes of one machine that share the work of a stage."""

import os
import socket

HOST = '127.0.0.1'
VISIBLE_GPUS = 'CUDA_VISIBLE_DEVICES'


def choose_gpus(count: int) -> dict[str, str]:
    """Return the environment variable by which processes see the first GPUs only of those that this one sees.

    Args:
        count: How many GPUs.
    """
    visible = os.environ.get(VISIBLE_GPUS)
    names = map(str, range(count)) if visible is None else visible.split(',')[:count]
    return {VISIBLE_GPUS: ','.join(names)}


def describe_group(count: int) -> list[dict[str, str]]:
    """Return what tells each process of a group its place, as environment variables that torch.distributed reads.

    Args:
        count: How many processes there are; one alone needs nothing.
    """
    if count == 1:
        return [{}]
    meeting = dict(MASTER_ADDR=HOST, MASTER_PORT=str(find_free_port()))
    sizes = dict(WORLD_SIZE=str(count), LOCAL_WORLD_SIZE=str(count))
    return [dict(RANK=str(rank), LOCAL_RANK=str(rank), **sizes, **meeting) for rank in range(count)]


def find_free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        return free.getsockname()[1]
