"""Atomic files and hashes."""

import hashlib
import json

import pytest

from projects.wsis.structures import (
    files,
    hash_content,
    hash_file,
    link_file,
    read_json,
    report_damaged,
    report_unwritable,
    write_atomically,
    write_json,
)


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


@pytest.mark.parametrize('links', [True, False])
def test_a_link_or_copy_takes_the_place_of_what_is_there(links, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError('no links here')

    if not links:
        monkeypatch.setattr(files.os, 'symlink', refuse)
    (tmp_path / 'photo').write_bytes(b'photo')
    (tmp_path / 'other').write_bytes(b'other')
    for source in ('other', 'photo'):
        link_file(tmp_path / source, tmp_path / 'deep' / 'ä b')
    assert (tmp_path / 'deep' / 'ä b').read_bytes() == b'photo'
    assert (tmp_path / 'other').read_bytes() == b'other', 'the link is replaced, not what it pointed to'
    assert (tmp_path / 'deep' / 'ä b').is_symlink() == links
    assert len(list((tmp_path / 'deep').iterdir())) == 1


def test_what_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(ValueError, match=r'OUT cannot be written \(.+\): make room') as error, report_unwritable('OUT'):
        write_json(tmp_path / 'file' / 'x.json', {})
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('content', ['[' * 100_000, '[' + '1' * 5000 + ']', '{'])
def test_json_that_python_does_not_read_is_one_line(tmp_path, content):
    (tmp_path / 'a.json').write_text(content)
    with pytest.raises(ValueError, match=r'a\.json is not valid JSON .*; delete it') as caught:
        read_json(tmp_path / 'a.json')
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    'take, words',
    [
        (lambda: {}['size'], "damaged .'size' is missing.; make it again"),
        (lambda: json.loads('null')['size'], 'damaged .*not subscriptable'),
        (lambda: int('a\nb'), 'damaged .*invalid literal'),
        (lambda: float(10**400), 'damaged .*too large'),
    ],
)
def test_what_is_missing_in_a_file_is_one_line(take, words):
    with pytest.raises(ValueError, match=rf'^a\.json is {words}') as caught, report_damaged('a.json', 'make it again'):
        take()
    assert '\n' not in str(caught.value)


def test_lines_that_name_the_file_stay():
    with pytest.raises(ValueError, match=r'^a\.json holds no cat$'), report_damaged('a.json'):
        raise ValueError('a.json holds no cat')


def test_half_a_character_goes_through_json(tmp_path):
    write_json(tmp_path / 'a.json', {'\ud800 é': 1})
    assert read_json(tmp_path / 'a.json') == {'\ud800 é': 1}
    assert 'é' in (tmp_path / 'a.json').read_text(encoding='utf-8')
