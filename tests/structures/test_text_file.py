"""Texts and JSON of users: encodings, and one line with file and line for what cannot be read."""

import pytest

from projects.wsis.structures import printable, read_given_json, read_text

TEXT = 'Café\nred fox\n'


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
def test_common_encodings_are_read(tmp_path, encoding):
    (tmp_path / 'a.txt').write_bytes(TEXT.encode(encoding))
    assert read_text(tmp_path / 'a.txt') == TEXT
    (tmp_path / 'b.txt').write_bytes(b'\xfe\xff' + TEXT.encode('utf-16-be'))
    assert read_text(tmp_path / 'b.txt') == TEXT


@pytest.mark.parametrize(
    'content, message',
    [
        ('fox\nCafé'.encode('latin-1'), r'a\.txt, line 2: byte 0xe9 is not UTF-8; save it as UTF-8'),
        ('fox\nfox'.encode('utf-16-le'), r'a\.txt, line 1: a zero byte is no text'),
        ('fox\nfox'.encode('utf-16')[:-1], r'a\.txt, line 2: .*not UTF-16'),
    ],
)
def test_other_encodings_are_named_by_file_and_line(tmp_path, content, message):
    (tmp_path / 'a.txt').write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_text(tmp_path / 'a.txt')
    assert '\n' not in str(caught.value)


def test_missing_files_and_folders_get_one_line(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.txt does not exist'):
        read_text(tmp_path / 'none.txt')
    with pytest.raises(ValueError, match='is no file'):
        read_text(tmp_path)


def test_broken_json_of_a_user_is_named_by_line_and_not_to_be_deleted(tmp_path):
    (tmp_path / 'a.json').write_text('{"a": 1,\n "b": [}')
    with pytest.raises(
        ValueError, match=r'a\.json is not valid JSON \(line 2, column 8: .*\); correct that place'
    ) as caught:
        read_given_json(tmp_path / 'a.json')
    assert 'delete' not in str(caught.value) and '\n' not in str(caught.value)
    (tmp_path / 'a.json').write_text('[' * 100_000)
    with pytest.raises(ValueError, match='nested too deeply'):
        read_given_json(tmp_path / 'a.json')
    (tmp_path / 'a.json').write_bytes('{"é": 1}'.encode('utf-16'))
    assert read_given_json(tmp_path / 'a.json') == {'é': 1}


def test_numbers_of_thousands_of_digits_are_one_line(tmp_path):
    (tmp_path / 'a.json').write_text('[' + '1' * 5000 + ']')
    with pytest.raises(ValueError, match=r'a\.json is not valid JSON \(a number has thousands of digits\)'):
        read_given_json(tmp_path / 'a.json')


def test_what_a_hook_says_is_not_changed(tmp_path):
    def refuse(pairs):
        raise ValueError('no')

    (tmp_path / 'a.json').write_text('{}')
    with pytest.raises(ValueError, match='^no$'):
        read_given_json(tmp_path / 'a.json', refuse)


def test_names_stay_on_one_line():
    assert [printable(name) for name in ('Café 1', 'a\nb', 7)] == ['Café 1', r'a\nb', '7']
