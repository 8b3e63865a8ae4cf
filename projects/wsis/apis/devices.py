"""Making a config run on the current machine: CPU with gloo, batch norm, threads, mixed precision."""

import datetime
import os

import torch
from mmengine.config import Config, ConfigDict
from mmengine.device import get_device
from torch import distributed

from ..freed_memory import keep_freed_memory

SYNC_BATCH_NORM_TYPES = ('SyncBN', 'MMSyncBN', 'SyncBatchNorm', 'NaiveSyncBN', 'naiveSyncBN')
MOST_SHARING = 4  # processes of one stage on a device: each needs memory of its own
# what each process has for itself where several share a GPU
CORES_OF_PROCESS, GPU_BYTES_OF_PROCESS = 3, 10 * 2**30


def available_cores() -> int:
    """Return how many CPU cores this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_device(device: str) -> None:
    """Check that there is a device.

    Args:
        device: Such as ``cpu`` or ``cuda:0``.

    Raises:
        ValueError: If PyTorch cannot use it; one line.
    """
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # the latter where PyTorch was built without it
        reason = str(error).strip().splitlines()[0].rstrip('.')
        raise ValueError(f'device {device} cannot be used ({reason}): name another, such as cpu') from None


def processes_on_this_machine() -> int:
    """Return how many processes the launcher started on this machine (1 without a launcher)."""
    return int(os.environ.get('LOCAL_WORLD_SIZE') or os.environ.get('WORLD_SIZE') or 1)


def count_sharing_gpu(gpus: int) -> int:
    """Return how many processes can make labels on each GPU: most of them prepare and write while one calculates.

    Args:
        gpus: How many GPUs of this machine are used, which share its cores.
    """
    memory = min(torch.cuda.get_device_properties(gpu).total_memory for gpu in range(torch.cuda.device_count()))
    room = min(available_cores() // (CORES_OF_PROCESS * gpus), memory // GPU_BYTES_OF_PROCESS)
    return max(1, min(room, MOST_SHARING))


def set_threads() -> None:
    """Share the cores among the processes of this machine, unless `OMP_NUM_THREADS` says otherwise."""
    if 'OMP_NUM_THREADS' not in os.environ:
        torch.set_num_threads(max(1, available_cores() // processes_on_this_machine()))


def replace_sync_batch_norm(node: object) -> None:
    """Turn every synchronised batch norm of a config into plain batch norm, in place: it needs an accelerator."""
    if isinstance(node, dict):
        if node.get('type') in SYNC_BATCH_NORM_TYPES:
            node['type'] = 'BN'
        children = node.values()
    elif isinstance(node, list | tuple):
        children = node
    else:
        return
    for child in children:
        replace_sync_batch_norm(child)


def use_bfloat16(optim_wrapper: ConfigDict) -> None:
    """Turn the settings of mmengine's ``AmpOptimWrapper``, in place, into those of mixed precision on a CPU.

    Raises:
        ValueError: If they ask for float16, whose small gradients a CPU cannot scale.
    """
    dtype = optim_wrapper.pop('dtype', None)
    if dtype not in (None, 'bfloat16', torch.bfloat16):
        raise ValueError(
            f'a CPU trains in mixed precision with bfloat16 only: optim_wrapper.dtype is {dtype!r}, '
            "set it to 'bfloat16' or leave it out"
        )
    for setting in ('loss_scale', 'use_fsdp'):
        optim_wrapper.pop(setting, None)
    optim_wrapper.type = 'CPUAmpOptimWrapper'


def start_gloo(cfg: Config) -> None:
    """Start torch's process group with gloo, which mmengine's own launcher cannot (it sets the GPU by `LOCAL_RANK`)."""
    if distributed.is_initialized():
        return
    timeout = (cfg.get('env_cfg') or {}).get('dist_cfg', {}).get('timeout')
    options = {} if timeout is None else {'timeout': datetime.timedelta(seconds=timeout)}
    distributed.init_process_group('gloo', **options)


def adapt_to_cpu(cfg: Config) -> None:
    """Change a config, in place, to run on CPU.

    Args:
        cfg: The whole config; `launcher`, `model`, `model_wrapper_cfg`, `sync_bn` and `optim_wrapper` are looked at.

    Raises:
        ValueError: If the config wants float16 or a launcher that needs an accelerator.
    """
    if cfg.get('optim_wrapper') and cfg.optim_wrapper.get('type') == 'AmpOptimWrapper':
        use_bfloat16(cfg.optim_wrapper)
    replace_sync_batch_norm(cfg.get('model'))
    if cfg.get('sync_bn'):
        cfg.sync_bn = None
    launcher = cfg.get('launcher', 'none')
    if launcher == 'none':
        return
    if launcher != 'pytorch':
        raise ValueError(f'--launcher {launcher} needs a GPU and none is visible: use --launcher pytorch (torchrun)')
    wrapper = dict(
        type='ChannelsLastDistributedDataParallel' if cfg.get('channels_last', True) else 'MMDistributedDataParallel',
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
    wrapper.update(cfg.get('model_wrapper_cfg') or {})
    wrapper['device_ids'] = None  # mmengine would pass LOCAL_RANK, which only an accelerator has
    cfg.model_wrapper_cfg = wrapper
    start_gloo(cfg)


def share_gpus(cfg: Config) -> None:
    """Prepare this process to be one of several that use the same GPU, which NCCL does not allow.

    Args:
        cfg: The whole config; `env_cfg` is looked at.
    """
    set_threads()
    # mmengine takes it for the number of a GPU
    os.environ['LOCAL_RANK'] = str(int(os.environ['LOCAL_RANK']) % torch.cuda.device_count())
    torch.cuda.set_device(int(os.environ['LOCAL_RANK']))
    start_gloo(cfg)


def setup_environment_for_launch(cfg: Config) -> None:
    """Prepare this process and the config for the devices of this machine; call it before building the Runner.

    Args:
        cfg: The whole config, with `launcher` set; changed in place where no accelerator is visible, or where there are
            more processes than accelerators. One with `keep_freed_memory = False` gives freed memory back to the
            system.
    """
    if get_device() == 'cpu':
        set_threads()
        if cfg.get('keep_freed_memory', True):
            keep_freed_memory()
        adapt_to_cpu(cfg)
    elif get_device() == 'cuda' and cfg.get('launcher') == 'pytorch' and _has_fewer_gpus():
        share_gpus(cfg)


def _has_fewer_gpus() -> bool:
    return torch.cuda.device_count() < processes_on_this_machine()
