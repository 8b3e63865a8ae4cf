"""The stopwatch gives all of its time to one part or another."""

from projects.wsis.engine.stopwatch import Stopwatch


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self) -> None:
        self.now = 10.0

    def __call__(self) -> float:
        return self.now


def test_inner_parts_stop_the_outer_one():
    clock = Clock()
    watch = Stopwatch(('outer', 'inner', 'never'), 'outer', clock=clock)
    clock.now += 1
    watch.open('inner')
    clock.now += 2
    with watch.measure('outer'):
        clock.now += 4
    clock.now += 8
    assert watch.running == 'inner' and watch.depth == 2
    watch.close()
    clock.now += 16
    watch.turn_to('inner')
    clock.now += 32
    watch.count()
    assert watch.seconds == dict(outer=21, inner=42, never=0) and watch.depth == 1


def test_a_part_ends_with_an_error():
    clock = Clock()
    watch = Stopwatch(('outer', 'inner'), 'outer', clock=clock)
    try:
        with watch.measure('inner'):
            clock.now += 1
            raise KeyError
    except KeyError:
        clock.now += 2
    watch.count()
    assert watch.seconds == dict(outer=2, inner=1)
