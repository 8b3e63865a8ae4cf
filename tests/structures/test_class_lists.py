"""Where two class lists differ first."""

import pytest

from projects.wsis.structures.class_lists import describe_difference, describe_with_background, without_background


@pytest.mark.parametrize(
    'made_for, needed, words',
    [
        (('cat', 'dog'), ['cat', 'dog'], None),
        (['cat', 'dog'], ['cat', 'cow'], "class 1, is 'dog' there and 'cow' here"),
        (['cat'], ['cat', 'dog'], "class 1, is none there and 'dog' here"),
        (['cat', 'dog'], ['dog', 'cat'], "class 0, is 'cat' there and 'dog' here"),
        (list('abcdefgh'), list('abcdefgx'), "class 7, is 'h' there and 'x' here"),
        ('ab', 'abc', "2 classes, the data set has 3; the first that differs, class 2, is none there and 'c' here"),
    ],
)
def test_first_difference(made_for, needed, words):
    found = describe_difference(made_for, needed)
    assert found is None if words is None else found.endswith(words)


def test_mmseg_counts_the_background():
    described = describe_with_background(('cat', 'dog'), [(1, 2, 3), (4, 5, 6), (7, 8, 9)])
    assert described == dict(classes=('background', 'cat', 'dog'), palette=[(0, 0, 0), (1, 2, 3), (4, 5, 6)])
    assert describe_with_background(['cat'])['palette'] == [(0, 0, 0), (128, 0, 0)]
    assert without_background(described['classes']) == without_background(['cat', 'dog']) == ('cat', 'dog')
    assert without_background(()) == ()
