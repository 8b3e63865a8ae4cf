"""A published model: the same bytes each time, plain weights that every library reads, and no word of the machine."""

import json

import numpy as np
import pytest
import torch
from mmdet.apis import DetInferencer
from mmengine.runner import load_checkpoint
from mmseg.apis import inference_model, init_model
from random_models import save_random_model
from tiny_chain.processes import run_tool

from projects.wsis.apis import WSISInferencer
from projects.wsis.apis.inference.trained_model import TrainedModel, find_trained_model
from projects.wsis.apis.publishing import publish_model, read_metrics

IMAGE = np.random.default_rng(0).integers(0, 256, (61, 94, 3), np.uint8)


def run(config, checkpoint):
    return WSISInferencer(str(config), str(checkpoint), device='cpu', show_progress=False)(IMAGE)['predictions'][0]


@pytest.mark.parametrize('kind', ['mask_rcnn', 'deeplab', 'cam'])
def test_published_model_finds_the_same(kind, tmp_path):
    model = TrainedModel(*save_random_model(kind, tmp_path))
    published = publish_model(model, tmp_path / 'zoo', 'named', metrics=dict(AP50=12.5))
    assert publish_model(model, tmp_path / 'again', 'named').checkpoint.name != published.checkpoint.name  # the metrics
    again = publish_model(model, tmp_path / 'again', 'named', metrics=dict(AP50=12.5))
    assert again.checkpoint.name == published.checkpoint.name
    assert again.checkpoint.read_bytes() == published.checkpoint.read_bytes()
    before, after = run(model.config, model.checkpoint), run(published.config, published.checkpoint)
    assert before.keys() == after.keys()
    for key, value in before.items():
        assert np.array_equal(after[key], value), key
    content = torch.load(published.checkpoint, weights_only=True)
    assert content.keys() == {'state_dict', 'meta'} and content['meta']['metrics'] == dict(AP50=12.5)
    named = content['meta']['dataset_meta']['classes']
    assert named[:2] == ('background', 'bird') if kind == 'deeplab' else named[0] == 'bird'
    text = published.config.read_text() + json.dumps(content['meta'])
    for word in (str(tmp_path), 'data/demo', 'work_dirs', 'checkpoint=', 'optim_wrapper'):
        assert word not in text, word


def test_mmdet_and_mmseg_read_it(tmp_path):
    detector = publish_model(TrainedModel(*save_random_model('mask_rcnn', tmp_path)), tmp_path / 'zoo')
    inferencer = DetInferencer(str(detector.config), str(detector.checkpoint), device='cpu', show_progress=False)
    assert inferencer(IMAGE)['predictions'][0]['masks']
    assert load_checkpoint(inferencer.model, str(detector.checkpoint), strict=True)['meta']['epoch'] == 1
    segmentor = publish_model(TrainedModel(*save_random_model('deeplab', tmp_path)), tmp_path / 'zoo')
    model = init_model(str(segmentor.config), str(segmentor.checkpoint), device='cpu')
    assert inference_model(model, IMAGE).pred_sem_seg.data.shape == (1, 61, 94)


def test_16_bits_are_half_the_size_and_nearly_the_same(tmp_path):
    model = TrainedModel(*save_random_model('cam', tmp_path))
    whole, half = (publish_model(model, tmp_path / 'zoo', half=half) for half in (False, True))
    assert half.checkpoint.stat().st_size < 0.55 * whole.checkpoint.stat().st_size
    scores = [run(published.config, published.checkpoint)['tag_scores'] for published in (whole, half)]
    np.testing.assert_allclose(*scores, atol=5e-3)


def test_lineage_names_what_the_stages_have_made(chain, tmp_path):
    published = publish_model(find_trained_model(chain / 'irnet'), tmp_path)
    lineage = torch.load(published.checkpoint, weights_only=True)['meta']['lineage']
    assert list(lineage) == ['irnet', 'inter_pixel_labels', 'cams', 'classifier']
    record = json.loads((chain / 'cams' / 'stage.json').read_text())
    assert lineage['cams'] == record['outputs'] and record['outputs']


def test_batch_that_had_to_change_is_told(tmp_path):
    model = TrainedModel(*save_random_model('cam', tmp_path))
    content = torch.load(model.checkpoint, weights_only=True)
    content['meta']['batch'] = dict(processes=4, batch_size=12, batch_size_before=10)
    torch.save(content, model.checkpoint)
    published = publish_model(model, tmp_path / 'zoo')
    assert torch.load(published.checkpoint, weights_only=True)['meta']['batch'] == content['meta']['batch']


def test_tool_publishes_a_run(chain, tmp_path):
    (tmp_path / 'metrics.json').write_text('{"AP50": 20}')
    arguments = ['model_converters/publish_model.py', chain, tmp_path / 'zoo', '--metrics', tmp_path / 'metrics.json']
    result = run_tool(None, tmp_path, *arguments)
    assert result.status == 0, result.tail
    (checkpoint,) = (tmp_path / 'zoo').glob('tiny_irnet-*.pth')
    assert torch.load(checkpoint, weights_only=True)['meta']['metrics'] == dict(AP50=20.0)
    assert str(checkpoint) in result.output and checkpoint.with_suffix('.py').is_file()
    (tmp_path / 'metrics.json').write_text('[1]')
    result = run_tool(None, tmp_path, *arguments)
    assert result.status == 1 and 'holds no numbers by name' in result.output and 'Traceback' not in result.output


def test_bad_input_gets_one_line(tmp_path):
    config, checkpoint = save_random_model('cam', tmp_path)
    torch.save(dict(weights=torch.zeros(1)), tmp_path / 'other.pth')
    with pytest.raises(ValueError, match='other.pth holds no state_dict'):
        publish_model(TrainedModel(config, str(tmp_path / 'other.pth')), tmp_path / 'zoo')
    (tmp_path / 'file').touch()
    with pytest.raises(ValueError, match='cannot be written'):
        publish_model(TrainedModel(config, checkpoint), tmp_path / 'file' / 'zoo')
    (tmp_path / 'broken.json').write_text('{')
    with pytest.raises(ValueError, match='is not valid JSON'):
        read_metrics(tmp_path / 'broken.json')
