"""Which node this one is, from the variables of mmdet's scripts and from those of slurm."""

import pytest

from projects.wsis.recipes.node_place import NodePlace, find_place

PYTORCH = dict(NNODES='2', NODE_RANK='1', MASTER_ADDR='10.0.0.1', PORT='29700')
SLURM = dict(
    SLURM_NNODES='3', SLURM_NODEID='2', SLURM_NTASKS='3', SLURM_JOB_ID='123456', SLURM_JOB_NODELIST='node[04-06]'
)


def test_places():
    assert find_place('none', {}) == find_place('pytorch', {}) == NodePlace(1, 0, '127.0.0.1', 29500)
    assert find_place('pytorch', PYTORCH) == NodePlace(2, 1, '10.0.0.1', 29700)
    assert find_place('pytorch', dict(NNODES='2', MASTER_ADDR='a')) == NodePlace(2, 0, 'a', 29500)


def write_scontrol(folder, monkeypatch, text):
    folder.joinpath('scontrol').write_text(f'#!/bin/sh\n{text}\n')
    folder.joinpath('scontrol').chmod(0o755)
    monkeypatch.setenv('PATH', str(folder), prepend=':')


def test_place_of_a_slurm_step(tmp_path, monkeypatch):
    write_scontrol(tmp_path, monkeypatch, 'test "$*" = "show hostnames node[04-06]" && printf "node04\\nnode05\\n"')
    port = 20000 + (2 * 123456) % 20000
    assert find_place('slurm', SLURM) == NodePlace(3, 2, 'node04', port)
    assert find_place('slurm', {**SLURM, 'MASTER_ADDR': 'other', 'PORT': '77'}) == NodePlace(3, 2, 'other', 77)
    alone = {**SLURM, 'SLURM_NNODES': '1', 'SLURM_NODEID': '0', 'SLURM_NTASKS': '1'}
    assert find_place('slurm', alone) == NodePlace(1, 0, '127.0.0.1', port)


def test_hosts_that_are_not_told(tmp_path, monkeypatch):
    write_scontrol(tmp_path, monkeypatch, 'exit 1')
    with pytest.raises(ValueError, match=r"which hosts 'node\[04-06\]' are: set MASTER_ADDR") as caught:
        find_place('slurm', SLURM)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    'launcher, changes, words',
    [
        ('none', {}, 'NNODES=2 needs --launcher pytorch; unset NNODES'),
        ('pytorch', dict(MASTER_ADDR=''), 'NNODES=2 needs MASTER_ADDR'),
        ('pytorch', dict(NODE_RANK='2'), 'node 2 of 2 is none'),
        ('pytorch', dict(NNODES='0', NODE_RANK='0'), 'node 0 of 0 is none'),
        ('pytorch', dict(NNODES='two'), "NNODES='two' is no whole number"),
        ('pytorch', dict(PORT='0'), 'PORT=0: name a port'),
        ('slurm', dict(SLURM_NODEID=''), 'SLURM_NODEID is not set: start it with srun --ntasks-per-node=1'),
        ('slurm', dict(SLURM_NTASKS='24'), '24 tasks on 3 nodes: start one on each'),
    ],
)
def test_variables_that_do_not_fit(launcher, changes, words):
    given = SLURM if launcher == 'slurm' else PYTORCH
    with pytest.raises(ValueError, match=words) as caught:
        find_place(launcher, {**given, **changes})
    assert '\n' not in str(caught.value)
