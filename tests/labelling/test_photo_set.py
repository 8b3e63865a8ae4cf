"""Photos of a folder and their tags."""

import numpy as np
import pytest
from PIL import Image

from projects.wsis.labelling.photo_set import read_photo_set


@pytest.fixture
def folder(tmp_path):
    """Four photos, two of equal stem in folders with blanks and quotes, one without tags; their tags as CSV."""
    for name in ('a b/1.JPG', "it's/1.JPG", '1.png', 'none.jpg'):
        path = tmp_path / 'photos' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(path)
    (tmp_path / 'tags.csv').write_text(
        'file,tags\na b/1.JPG,red fox;Café\n"it\'s/1.JPG",Red Fox\n1.png,Café\n1.png,dog\nlost.jpg,dog\n',
        encoding='utf-8',
    )
    return tmp_path


def read(folder, **options):
    return read_photo_set(folder / 'photos', folder / 'tags.csv', **options)


def test_photos_keep_their_identity_and_tags_are_joined(folder):
    found = read(folder)
    assert found.tags == {
        '1.png': ['Café', 'dog'],
        'a b/1.JPG': ['red fox', 'Café'],
        "it's/1.JPG": ['red fox'],
        'none.jpg': [],
    }
    assert found.classes == ('red fox', 'Café', 'dog')
    assert found.unmatched == ('lost.jpg',) and len(found.warnings) == 2
    assert found.train == list(found.tags)


def test_given_classes_leave_out_other_tags(folder):
    found = read(folder, classes=['café', 'red fox'])
    assert found.classes == ('café', 'red fox')
    assert found.tags['1.png'] == ['café'] and found.tags['a b/1.JPG'] == ['red fox', 'café']
    assert '1 tags are not among --classes' in found.warnings[-1]


def test_tags_that_are_all_missing_or_of_other_classes_are_told(folder):
    with pytest.raises(ValueError, match=r'none of its tags \(.*red fox.*\) is among --classes \(whale\)'):
        read(folder, classes=['whale'])
    (folder / 'tags.csv').write_text('file,tags\n')
    with pytest.raises(ValueError, match=r'tags\.csv: no photo has a tag in it'):
        read(folder)


def test_photos_without_tags_are_negatives_or_left_out(folder):
    assert 'none.jpg' in read(folder).tags
    assert 'none.jpg' not in read(folder, negatives=False).tags


def test_photos_to_measure_on_are_not_learnt_from(folder):
    (folder / 'val.txt').write_text('a b/1.JPG\nnone\n')
    found = read(folder, val=folder / 'val.txt', negatives=False)
    assert found.val == ('a b/1.JPG', 'none.jpg')
    assert found.train == ['1.png', "it's/1.JPG"]
    (folder / 'val.txt').write_text('lost.jpg\n')
    with pytest.raises(ValueError, match='1 of 1 lines match no photo .first: lost.jpg'):
        read(folder, val=folder / 'val.txt')


def test_bad_input_is_one_line(folder):
    with pytest.raises(FileNotFoundError, match='is not a folder'):
        read_photo_set(folder / 'nowhere', folder / 'tags.csv')
    (folder / 'empty').mkdir()
    with pytest.raises(FileNotFoundError, match='holds no photo'):
        read_photo_set(folder / 'empty', folder / 'tags.csv')
    (folder / 'tags.csv').write_text('file,tags\nother.jpg,dog\n')
    with pytest.raises(ValueError, match='no photo of .* has a tag; tags name photos .* such as 1.png') as told:
        read(folder, classes=['dog'])
    assert '\n' not in str(told.value)
    (folder / 'tags.csv').write_text('file,tags\n1.png,dog\n')
    with pytest.raises(ValueError, match='differ only by case or blanks'):
        read(folder, classes=['dog', 'Dog '])


def test_classes_that_the_tags_give_name_their_file(folder):
    (folder / 'tags.csv').write_text('file,tags\n1.png,background\n')
    with pytest.raises(ValueError, match=r'tags\.csv: The class list holds the background'):
        read(folder)
