"""Which machines train in mixed precision when nobody has said it."""

import pytest

from projects.wsis.apis import precision

FACTS = """processor\t: 0
model name\t: A CPU with amx_bf16 in its name
flags\t\t: fpu avx512f {more} amx_tile
bogomips\t: 1.0
"""


@pytest.mark.parametrize(
    'device, more, expected',
    [
        ('cpu', 'amx_bf16', True),
        ('cpu', 'avx512_bf16', False),
        ('cpu', 'amx_bf16x', False),
        ('cuda', 'amx_bf16', False),
    ],
)
def test_a_cpu_with_units_for_it(tmp_path, monkeypatch, device, more, expected):
    facts = tmp_path / 'cpuinfo'
    facts.write_text(FACTS.format(more=more))
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
