"""mmengine loads safely inside `safe_loading`, and as before outside."""

import threading

import pytest
import torch
from mmengine.runner import CheckpointLoader

from projects.wsis.engine import safe_checkpoint, safe_loading
from projects.wsis.engine.mmengine_names import read_loaders, replace_loaders

PATHS = ('a.pth', 'C:\\a.pth', 'https://a/b.pth', 'torchvision://a', 's3://a', 'petrel:s3://a', 'pavi://a', 'other://a')


@pytest.fixture(autouse=True)
def unchanged(earlier_runs_ended):
    before = list(read_loaders().items())
    yield
    after = list(read_loaders().items())
    replace_loaders(dict(before))
    assert after == before  # the order counts: the first scheme that fits a path is taken


def load_freely(filename: str, map_location=None) -> str:
    return f'freely {filename}'


def modules() -> set[str]:
    """Return where the loaders come from that mmengine takes for paths of all kinds."""
    return {CheckpointLoader._get_checkpoint_loader(path).__module__ for path in PATHS}


def test_every_path_is_loaded_by_ours_and_then_by_mmengine_again():
    assert safe_checkpoint.__name__ not in modules()
    with safe_loading():
        assert modules() == {safe_checkpoint.__name__}
    assert safe_checkpoint.__name__ not in modules()


def test_an_error_ends_it_too():
    with pytest.raises(ZeroDivisionError), safe_loading():
        1 / 0  # noqa: B018
    assert safe_checkpoint.__name__ not in modules()


def test_the_last_of_nested_ones_puts_it_back():
    with safe_loading():
        with safe_loading():
            pass
        assert modules() == {safe_checkpoint.__name__}


def test_the_last_of_several_threads_puts_it_back():
    begun, end, seen = threading.Event(), threading.Event(), []

    def stay() -> None:
        with safe_loading():
            begun.set()
            end.wait(20)
            seen.append(modules())

    thread = threading.Thread(target=stay)
    with safe_loading():
        thread.start()
        assert begun.wait(20)
    assert modules() == {safe_checkpoint.__name__}
    end.set()
    thread.join()
    assert seen == [{safe_checkpoint.__name__}] and safe_checkpoint.__name__ not in modules()


def test_schemes_that_others_registered_are_refused_inside_and_kept_outside():
    before = read_loaders()
    CheckpointLoader.register_scheme('other://', load_freely)
    CheckpointLoader.register_scheme('', load_freely, force=True)
    with safe_loading():
        assert modules() == {safe_checkpoint.__name__}
        with pytest.raises(ValueError, match='scheme is not supported'):
            CheckpointLoader.load_checkpoint('other://a')
        CheckpointLoader.register_scheme('late://', load_freely)
        assert modules() == {safe_checkpoint.__name__}  # mmengine has sorted the table
    assert CheckpointLoader.load_checkpoint('other://a') == 'freely other://a'
    assert CheckpointLoader.load_checkpoint('late://a') == 'freely late://a'
    assert CheckpointLoader.load_checkpoint('a.pth') == 'freely a.pth'
    replace_loaders(before)


def test_what_mmengine_loads_is_what_was_saved(tmp_path):
    torch.save(dict(a=torch.arange(3)), tmp_path / 'a.pth')
    with safe_loading():
        assert CheckpointLoader.load_checkpoint(str(tmp_path / 'a.pth'), 'cpu')['a'].tolist() == [0, 1, 2]
