"""What the processes of one machine are told of each other."""

import pytest
from torch import distributed

from projects.wsis.recipes.process_group import choose_gpus, describe_group, find_free_port
from projects.wsis.recipes.script_server import ScriptServer

SUM = """
import torch
from torch import distributed
distributed.init_process_group('gloo')
total = torch.tensor(2 ** distributed.get_rank())
distributed.all_reduce(total)
print(int(total), distributed.get_world_size())
distributed.destroy_process_group()
"""


def test_one_process_alone_is_told_nothing():
    assert describe_group(1) == [{}]


def test_places_are_told_apart():
    group = describe_group(3)
    assert [(place['RANK'], place['LOCAL_RANK']) for place in group] == [('0', '0'), ('1', '1'), ('2', '2')]
    assert {place['WORLD_SIZE'] for place in group} == {place['LOCAL_WORLD_SIZE'] for place in group} == {'3'}
    assert len({(place['MASTER_ADDR'], place['MASTER_PORT']) for place in group}) == 1


@pytest.mark.parametrize('visible, expected', [(None, '0,1'), ('3,5,7', '3,5'), ('GPU-a', 'GPU-a')])
def test_the_first_gpus_are_seen_of_those_that_are_visible(monkeypatch, visible, expected):
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    if visible is not None:
        monkeypatch.setenv('CUDA_VISIBLE_DEVICES', visible)
    assert choose_gpus(2) == dict(CUDA_VISIBLE_DEVICES=expected)


def test_a_free_port_is_found():
    assert 1024 < find_free_port() < 65536


@pytest.mark.skipif(
    not (ScriptServer.is_possible() and distributed.is_gloo_available()), reason='no forks here, or torch has no gloo'
)
def test_they_find_each_other(tmp_path):
    script = tmp_path / 'sum.py'
    script.write_text(SUM)
    with (
        ScriptServer(modules=['torch.distributed']) as server,
        server.start([script], environments=describe_group(3)) as process,
    ):
        assert process.stdout.read().splitlines() == ['7 3'] * 3
    assert process.returncode == 0
