"""Nodes that talk to each other, as threads of this process."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from projects.wsis.recipes import node_group
from projects.wsis.recipes.node_group import NodeGroup
from projects.wsis.recipes.node_place import NodePlace
from projects.wsis.recipes.process_group import find_free_port
from projects.wsis.recipes.stage import RecipeError


@pytest.fixture
def join():
    """Function: pairs of a rank and a command, patience -> the groups, or what they raise."""
    opened = []

    def call(members, patience=20.0, count=None):
        port, count = find_free_port(), count or len(members)

        def enter(member):
            rank, command = member
            try:
                opened.append(NodeGroup(NodePlace(count, rank, '127.0.0.1', port), command, patience))
            except RecipeError as error:
                return error
            return opened[-1]

        with ThreadPoolExecutor(len(members)) as pool:
            return list(pool.map(enter, members))

    yield call
    for group in opened:
        group.close()


def test_one_alone_needs_nobody(tmp_path):
    with NodeGroup(NodePlace()) as group:
        group.tell(run='cams')
        group.check_shared(tmp_path)
        assert group.collect() == [] and not group.was_stopped


def test_all_hear_what_node_0_says_in_order(join):
    first, second, third = join([(0, 'x'), (1, 'x'), (2, 'x')])
    first.tell(run='cams')
    first.tell(run='irnet')
    for node in (second, third):
        assert [node.hear() for _ in range(2)] == [dict(run='cams'), dict(run='irnet')]
        node.tell(error='' if node is second else 'photo a.jpg is broken')
    assert first.collect() == ['node 2: photo a.jpg is broken']
    first.close(RecipeError('two\nlines'))
    assert second.hear() == third.hear() == dict(end='two lines')


def test_what_fails_on_one_node_ends_the_stage_on_the_others(join):
    first, second = join([(0, ''), (1, '')])
    first.tell(run='irnet')
    assert second.hear() == dict(run='irnet')
    stopped = threading.Event()
    second.tell(error='no memory')
    with first.ending(stopped.set):
        assert stopped.wait(10) and first.was_stopped
    assert first.collect() == ['node 1: no memory']

    first.tell(run='again')
    assert not first.was_stopped and second.hear() == dict(run='again')
    first.tell(stop=True)
    stopped.clear()
    with second.ending(stopped.set):
        assert stopped.wait(10) and second.was_stopped
    first.tell(run='third')
    assert second.hear() == dict(run='third') and not second.was_stopped


def test_a_node_that_has_gone_is_missed_at_once_and_for_good(join):
    first, second = join([(0, ''), (1, '')])
    second.close()
    stopped = threading.Event()
    for _ in range(2):
        first.tell(run='irnet')
        with first.ending(stopped.set):
            assert stopped.wait(10)
        assert first.collect() == ['node 1 has ended']
        stopped.clear()


def test_without_node_0_the_others_end(join):
    first, second = join([(0, ''), (1, '')])
    for peer in first.peers.values():  # as when it is killed: it says nothing
        peer.close()
    with pytest.raises(RecipeError, match='node 0 has ended'):
        second.hear()


def test_nodes_of_other_commands_and_of_the_same_rank_are_refused(join):
    results = join([(0, 'a'), (1, 'b')])
    assert [str(result) for result in results] == 2 * [
        'node 1 was called in another way than node 0: run the same command, of the same version'
    ]
    results = join([(0, ''), (1, ''), (1, '')])
    assert any('two nodes have NODE_RANK=1' in str(result) for result in results)


def test_nobody_waits_for_ever(join, monkeypatch):
    (error,) = join([(0, '')], patience=0.1, count=3)
    assert str(error) == 'node 1, 2 has not come: start the same command there'
    (error,) = join([(1, '')], patience=0.1, count=3)
    assert 'node 0 is not at 127.0.0.1:' in str(error) and 'set MASTER_ADDR and PORT' in str(error)


def test_what_only_looks_at_the_port_is_no_node():
    port = find_free_port()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(NodeGroup, NodePlace(2, 0, '127.0.0.1', port), '', 20)
        for text in (b'GET / HTTP/1.0\r\n\r\n', b'[1]\n', b''):
            deadline = time.monotonic() + 10
            while True:
                try:
                    with socket.create_connection(('127.0.0.1', port)) as stranger:
                        stranger.sendall(text)
                    break
                except ConnectionRefusedError:
                    assert time.monotonic() < deadline
        second = NodeGroup(NodePlace(2, 1, '127.0.0.1', port), '', 20)
        with first.result(20) as group:
            assert list(group.peers) == [1]
        second.close()


def test_a_port_in_use_gets_one_line():
    with socket.create_server(('', 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RecipeError, match=f'port {port} cannot be used .*: set PORT to another'):
            NodeGroup(NodePlace(2, 0, '127.0.0.1', port))


@pytest.mark.parametrize('shared', [True, False])
def test_the_folder_has_to_be_the_same(join, tmp_path, monkeypatch, shared):
    monkeypatch.setattr(node_group, 'SECONDS_OF_STALE_FOLDERS', 0.3)
    folders = [tmp_path / 'a', tmp_path / ('a' if shared else 'b')]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    groups = join([(0, ''), (1, '')])
    with ThreadPoolExecutor() as pool:
        checks = [pool.submit(group.check_shared, folder) for group, folder in zip(groups, folders)]
        errors = [check.exception(20) for check in checks]
    assert not list(folders[0].iterdir())
    if shared:
        assert errors == [None, None]
    else:
        assert all('is not the folder of node 0: name one on a file system that all' in str(error) for error in errors)


def test_messages_hold_no_commands(join):
    """A port is open to others: they can at most name a stage of a recipe that is run already."""
    first, second = join([(0, ''), (1, '')])
    second.peers[0].connection.sendall(json.dumps(['rm', '-r']).encode() + b'\n')
    assert first.collect() == ['node 1 has ended']
