"""In which precision trainings calculate where nobody has said it."""

from pathlib import Path

from mmengine.device import get_device

CPU_FACTS = Path('/proc/cpuinfo')
MATRIX_UNIT, VECTOR_UNIT = 'amx_bf16', 'avx512_bf16'
# the first family of AMD whose vectors of bfloat16 were measured to be quicker than those of float32: Zen 5
QUICK_FAMILY = 26


def prefers_mixed_precision() -> bool:
    """Return whether trainings on this machine are quicker in mixed precision, and nothing speaks against it.

    That is so on a CPU with units for products of bfloat16 matrices (``amx_bf16``), and on AMD's from Zen 5 on, which
    calculate with vectors of them at full width (``avx512_bf16``). Elsewhere it is slower (docs/benchmarks.md), and on
    a GPU it is float16, whose results differ more, so that it is left to the user. Where the system does not tell what
    its CPU is, the answer is no.
    """
    if get_device() != 'cpu':
        return False
    facts = _read_cpu_facts()
    flags = facts.get('flags', '').split()
    family = facts.get('cpu family', '')
    is_quick_family = facts.get('vendor_id') == 'AuthenticAMD' and family.isdecimal() and int(family) >= QUICK_FAMILY
    return MATRIX_UNIT in flags or (VECTOR_UNIT in flags and is_quick_family)


def _read_cpu_facts() -> dict[str, str]:
    """Return what Linux tells about the first core, by name; empty where it tells nothing."""
    try:
        text = CPU_FACTS.read_text(errors='replace')
    except OSError:
        return {}
    lines = (line.split(':', 1) for line in text.split('\n\n', 1)[0].splitlines() if ':' in line)
    return {name.strip(): value.strip() for name, value in lines}
