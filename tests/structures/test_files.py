"""Atomic files and hashes."""

import hashlib

import pytest

from projects.wsis.structures import hash_content, hash_file, read_json, write_atomically, write_json


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / 'deep' / 'file.bin'
    write_atomically(path, lambda file: file.write(b'old'))

    def fail(file):
        file.write(b'new, but half')
        raise OSError('disk full')

    with pytest.raises(OSError, match='disk full'):
        write_atomically(path, fail)
    assert path.read_bytes() == b'old'
    assert list(path.parent.iterdir()) == [path]


def test_reader_sees_old_or_new_but_nothing_between(tmp_path):
    path = tmp_path / 'file.bin'
    write_atomically(path, lambda file: file.write(b'old'))
    seen = []

    def write(file):
        file.write(b'new')
        file.flush()
        seen.append(path.read_bytes())

    write_atomically(path, write)
    assert seen == [b'old'] and path.read_bytes() == b'new'


def test_json_round_trip_and_equal_bytes(tmp_path):
    content = dict(b=[1, 2.5, None], a='ä')
    write_json(tmp_path / '1.json', content)
    write_json(tmp_path / '2.json', dict(content))
    assert read_json(tmp_path / '1.json') == content
    assert (tmp_path / '1.json').read_bytes() == (tmp_path / '2.json').read_bytes()


@pytest.mark.parametrize('content', [b'', b'{"a": ', b'\xff\xff'])
def test_damaged_json_gets_one_line(tmp_path, content):
    (tmp_path / 'x.json').write_bytes(content)
    with pytest.raises(ValueError, match=r'x\.json is not valid JSON') as caught:
        read_json(tmp_path / 'x.json')
    assert '\n' not in str(caught.value)


def test_hashes(tmp_path):
    assert hash_content(dict(a=1, b=(2,))) == hash_content(dict(b=[2], a=1))
    assert hash_content(dict(a=1)) != hash_content(dict(a=2))
    data = bytes(range(256)) * 9000  # more than one block
    (tmp_path / 'data').write_bytes(data)
    assert hash_file(tmp_path / 'data') == hashlib.sha256(data).hexdigest()
