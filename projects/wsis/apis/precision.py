"""In which precision trainings calculate where nobody has said it."""

from pathlib import Path

from mmengine.device import get_device

CPU_FACTS = Path('/proc/cpuinfo')
UNIT = 'amx_bf16'


def prefers_mixed_precision() -> bool:
    """Return whether trainings on this machine are quicker in mixed precision, and nothing speaks against it.

    That is so on a CPU with units for products of bfloat16 matrices (``amx_bf16``). Without them it is slower there
    (docs/benchmarks.md), and on a GPU it is float16, whose results differ more, so that it is left to the user. Where
    the system does not tell what its CPU has, the answer is no.
    """
    if get_device() != 'cpu':
        return False
    try:
        lines = CPU_FACTS.read_text(errors='replace').splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith('flags')), '')
    return UNIT in flags.split()
