"""Which weights a recipe starts from: those that its configs name, a file, a URL, or none."""

import io
import urllib.request
from pathlib import Path

import pytest
import torch

from projects.wsis.apis.configs import load_config
from projects.wsis.engine.safe_checkpoint import find_address
from projects.wsis.labelling.weights import choose_weights
from projects.wsis.recipes.stage import read_stages

NAMED = 'open-mmlab://mmdet/mobilenet_v2'
PRETRAINED = ('classifier', 'irnet', 'mask_rcnn')


@pytest.fixture(scope='module')
def stages():
    return read_stages(load_config('configs/recipes/irnet_mobilenet-v2_photos.py'))


@pytest.fixture
def network(monkeypatch, tmp_path):
    """A network that answers as told, and the addresses that were asked for."""
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    asked, answer = [], dict(error=None)

    def urlopen(request, timeout):
        asked.append(request.full_url)
        if answer['error']:
            raise answer['error']
        return io.BytesIO()

    monkeypatch.setattr(urllib.request, 'urlopen', urlopen)
    return asked, answer


def test_weights_of_the_configs_are_looked_for_before_anything_runs(stages, network):
    asked, answer = network
    assert choose_weights(stages, None) == {}
    assert set(asked) == {find_address(NAMED)} and find_address(NAMED).endswith('.pth')
    answer['error'] = OSError('no route to host')
    with pytest.raises(
        FileNotFoundError, match=f'{NAMED} cannot be reached .*no route to host.*--weights FILE'
    ) as caught:
        choose_weights(stages, None)
    assert '\n' not in str(caught.value)


def test_weights_that_were_downloaded_before_need_no_network(stages, network):
    asked, answer = network
    answer['error'] = OSError('no network')
    cache = Path(torch.hub.get_dir()) / 'checkpoints'
    cache.mkdir(parents=True)
    (cache / find_address(NAMED).rsplit('/', 1)[-1]).touch()
    assert choose_weights(stages, None) == {} and asked == []


@pytest.mark.parametrize('weights', [NAMED, 'https://example.org/mine.pth'])
def test_given_address(weights, stages, network):
    asked, answer = network
    assert choose_weights(stages, weights) == {
        f'{name}.model.backbone.init_cfg.checkpoint': weights for name in PRETRAINED
    }
    answer['error'] = OSError('no network')
    with pytest.raises(FileNotFoundError, match=f'{weights} cannot be reached'):
        choose_weights(stages, weights)


def test_given_file(stages, tmp_path, network):
    file = tmp_path / 'mine.pth'
    torch.save(dict(state_dict={}), file)
    assert set(choose_weights(stages, str(file)).values()) == {str(file.resolve())}
    with pytest.raises(FileNotFoundError, match='absent.pth does not exist'):
        choose_weights(stages, str(tmp_path / 'absent.pth'))
    with pytest.raises(ValueError, match='knows no model of this name'):
        choose_weights(stages, 'open-mmlab://no-such-model')
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ValueError, match='mine.pth is damaged or not a checkpoint'):
        choose_weights(stages, str(file))
    assert network[0] == []


def test_from_scratch_later_stages_start_from_the_classifier(stages, network):
    options = choose_weights(stages, 'none')
    assert options['classifier.model.backbone.init_cfg'] is None
    assert options['irnet.model.backbone.init_cfg.checkpoint'] == '{classifier.checkpoint}'
    assert network[0] == []
