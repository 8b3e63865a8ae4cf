"""Class lists: which are refused, each with one line."""

import pytest

from projects.wsis.datasets.class_list import load_classes


def test_good_ones(tmp_path):
    assert load_classes(['cat', 'red fox']) == ('cat', 'red fox')
    assert len(load_classes([f'class {number}' for number in range(254)])) == 254
    (tmp_path / 'classes.txt').write_text('\ufeffcat\n\nred fox \n', encoding='utf-8')
    assert load_classes(str(tmp_path / 'classes.txt')) == ('cat', 'red fox')


@pytest.mark.parametrize(
    'classes, message',
    [
        ('cat', r"the string 'cat', which is not a file either: .*\('cat',\) with its comma"),
        ([], 'is empty'),
        (['cat', 'dog', 'cat'], "holds 'cat' twice"),
        (['Red Fox', 'cat', 'red  fox'], "'Red Fox' and 'red  fox', which differ only by case or blanks"),
        (['cat', ' '], "holds ' '"),
        (['cat', 7], 'holds 7: each class is a name in quotes'),
        (['Background', 'cat'], 'background, which is not a class'),
        ([f'class {number}' for number in range(255)], '255 classes are too many'),
        (7, 'A class list is a list or tuple'),
    ],
)
def test_bad_ones_get_one_line(classes, message):
    with pytest.raises(ValueError, match=message) as caught:
        load_classes(classes)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('content, message', [('', 'is empty'), ('cat\nCat\n', 'differ only by case'), ('a' * 9, None)])
def test_errors_name_the_file(tmp_path, content, message):
    path = tmp_path / 'classes.txt'
    path.write_text(content)
    if message is None:
        assert load_classes(path) == ('a' * 9,)
        return
    with pytest.raises(ValueError, match=rf'^{path}: .*{message}'):
        load_classes(path)
    path.write_bytes(b'\xff')
    with pytest.raises(ValueError, match=rf'^{path}, line 1'):
        load_classes(path)
