"""Where two class lists differ first."""

import pytest

from projects.wsis.structures.class_lists import describe_difference


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
