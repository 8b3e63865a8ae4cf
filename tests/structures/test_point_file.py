"""Points files: written and read, by hand, bad entries, and the text files of the official code."""

import json

import pytest

from projects.wsis.structures.point_file import Point, check_points, read_points, write_points
from projects.wsis.structures.text_points import read_text_folder

CLASSES = ('cat', 'dog')


def write(path, content):
    path.write_text(json.dumps(content))
    return path


def test_what_is_written_is_read(tmp_path):
    points = {'b': [Point(1, 3, 4, 0.5), Point(0, 0, 7.5, 0.25)], 'a': [Point(1, 8, 9)], 'none': []}
    write_points(tmp_path / 'points.json', points, CLASSES)
    assert read_points(tmp_path / 'points.json', CLASSES) == {'b': points['b'], 'a': points['a']}
    lines = (tmp_path / 'points.json').read_text().splitlines()
    assert lines[1] == ' {"photo": "b", "class": "dog", "y": 3, "x": 4, "score": 0.5},' and len(lines) == 5
    write_points(tmp_path / 'points.json', {'none': []}, CLASSES)
    assert read_points(tmp_path / 'points.json', CLASSES) == {}


def test_a_file_by_hand(tmp_path):
    path = write(tmp_path / 'p.json', dict(points=[{'photo': 'a', 'class': 'dog', 'y': 3, 'x': 4.5}], comment='mine'))
    assert read_points(path, CLASSES) == {'a': [Point(1, 3, 4.5, 1.0)]}
    assert read_points(write(tmp_path / 'empty.json', dict(points=[])), CLASSES) == {}


GOOD = {'photo': 'a', 'class': 'dog', 'y': 3, 'x': 4, 'score': 0.5}


@pytest.mark.parametrize(
    'change, words',
    [
        (dict(y=None), r'y is a number of pixels from 0, not None'),
        (dict(x=10**400), r'x is a number of pixels from 0, not 1000'),
        ({'a\nb': 1}, r'unknown a\\nb; known are'),
        (dict(x=-1), r'x is a number of pixels from 0, not -1'),
        (dict(x=True), r'x is a number of pixels'),
        (dict(x=float('nan')), r'x is a number of pixels'),
        (dict(score=1.5), r'score is a number from 0 to 1, not 1.5'),
        ({'class': 'cow'}, r"class 'cow' is not in the class list"),
        (dict(photo=7), r'photo is the name of a photo'),
        (dict(label=1), r'unknown label; known are photo, class, y, x, score'),
    ],
)
def test_bad_entries_are_named(tmp_path, change, words):
    path = write(tmp_path / 'p.json', dict(points=[GOOD, {**GOOD, **change}]))
    with pytest.raises(ValueError, match=r'1 of 2 points are wrong; the first, points\[1\]: ' + words):
        read_points(path, CLASSES)


def test_bad_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='does not exist: make it with a PAM config'):
        read_points(tmp_path / 'p.json', CLASSES)
    for content in ([GOOD], dict(peaks=[GOOD])):
        with pytest.raises(ValueError, match='a points file is'):
            read_points(write(tmp_path / 'p.json', content), CLASSES)
    (tmp_path / 'p.json').write_text('{"points": [{"photo": "a" "class": "dog"}]}')
    with pytest.raises(ValueError, match=r'p.json is not valid JSON \(line 1, column 27: .*\); correct that place'):
        read_points(tmp_path / 'p.json', CLASSES)
    with pytest.raises(ValueError, match='y, x missing'):
        read_points(write(tmp_path / 'p.json', dict(points=[{'photo': 'a', 'class': 'dog'}])), CLASSES)
    with pytest.raises(ValueError, match='an object with photo'):
        read_points(write(tmp_path / 'p.json', dict(points=[3])), CLASSES)


def test_points_must_fit_photo_and_tags():
    check_points([Point(1, 9, 19.5)], 'a', (10, 20), [1], CLASSES)
    for outside in (Point(1, 10, 0), Point(1, 0, 20)):
        with pytest.raises(ValueError, match='Photo a: the point of dog .* lies outside the photo of height 10'):
            check_points([outside], 'a', (10, 20), [1], CLASSES)
    with pytest.raises(ValueError, match='a point of dog, but the photo is tagged cat'):
        check_points([Point(1, 1, 1)], 'a', (10, 20), [0], CLASSES)
    with pytest.raises(ValueError, match='tagged with nothing'):
        check_points([Point(1, 1, 1)], 'a', (10, 20), [], CLASSES)


def test_text_files_of_the_public_code(tmp_path):
    (tmp_path / 'a.txt').write_text('12 7 1 0.913\n3.5 0 0 1\n\n')
    (tmp_path / 'b.txt').write_text('')
    assert read_text_folder(tmp_path, 2) == {'a': [Point(1, 7, 12, 0.913), Point(0, 0, 3.5, 1.0)], 'b': []}


@pytest.mark.parametrize(
    'line, words',
    [
        ('1 2 0', r'a.txt, line 2: four numbers'),
        ('1 2 dog .5', r'a.txt, line 2: four numbers'),
        ('1 2 2 .5', r'class 2 is no number from 0 to 1'),
        ('1 2 .5 .5', r'class 0.5 is no number'),
        ('-1 2 0 .5', r'x and y are pixels from 0'),
        ('1 nan 0 .5', r'x and y are pixels from 0'),
        ('1 2 0 1.5', r'the confidence is from 0 to 1'),
    ],
)
def test_bad_text_lines_are_named(tmp_path, line, words):
    (tmp_path / 'a.txt').write_text(f'1 2 0 .5\n{line}\n')
    with pytest.raises(ValueError, match=words):
        read_text_folder(tmp_path, 2)


def test_folder_without_text_files(tmp_path):
    with pytest.raises(FileNotFoundError, match='holds no .txt files'):
        read_text_folder(tmp_path, 2)
