"""Which machines train in mixed precision when nobody has said it."""

import pytest

from projects.wsis.apis import precision

FACTS = """processor\t: 0
vendor_id\t: {vendor}
cpu family\t: {family}
model name\t: A CPU with amx_bf16 in its name
flags\t\t: fpu avx512f {more} amx_tile
bogomips\t: 1.0
"""


@pytest.mark.parametrize(
    'device, vendor, family, more, expected',
    [
        ('cpu', 'GenuineIntel', 6, 'amx_bf16', True),
        ('cpu', 'GenuineIntel', 6, 'avx512_bf16', False),
        ('cpu', 'GenuineIntel', 26, 'avx512_bf16', False),
        ('cpu', 'GenuineIntel', 6, 'amx_bf16x', False),
        ('cpu', 'AuthenticAMD', 25, 'avx512_bf16', False),
        ('cpu', 'AuthenticAMD', 26, 'avx512_bf16', True),
        ('cpu', 'AuthenticAMD', 26, 'avx512_vnni', False),
        ('cpu', 'AuthenticAMD', 'new', 'avx512_bf16', False),
        ('cuda', 'GenuineIntel', 6, 'amx_bf16', False),
    ],
)
def test_a_cpu_with_units_for_it(tmp_path, monkeypatch, device, vendor, family, more, expected):
    facts = tmp_path / 'cpuinfo'
    facts.write_text(FACTS.format(vendor=vendor, family=family, more=more))
    monkeypatch.setattr(precision, 'CPU_FACTS', facts)
    monkeypatch.setattr(precision, 'get_device', lambda: device)
    assert precision.prefers_mixed_precision() is expected


@pytest.mark.parametrize('text', [None, '', 'processor : 0\nFeatures : bf16\n'])
def test_a_system_that_does_not_tell(tmp_path, monkeypatch, text):
    facts = tmp_path / 'cpuinfo'
    if text is not None:
        facts.write_text(text)
    monkeypatch.setattr(precision, 'CPU_FACTS', facts)
    assert precision.prefers_mixed_precision() is False
