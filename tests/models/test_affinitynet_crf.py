"""AffinityNet's masks after a dense CRF, as PPC makes them."""

import numpy as np
import pydensecrf.densecrf as densecrf
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from PIL import Image
from pydensecrf.utils import unary_from_softmax
from reference_deeplab import read_golden

from projects.wsis.apis.configs import load_config
from projects.wsis.models.segmentors.affinitynet_labels import AffinityNetLabelMaker
from projects.wsis.ops import feature_affinity, search_paths, strongest_map, upsample_maps
from projects.wsis.recipes.stage import read_stages

SIZE = (61, 90)
CLASSES = torch.tensor([4, 11])


@pytest.fixture
def photo(tmp_path):
    """A photo of two noisy halves, and its pixels (RGB)."""
    colors = np.random.default_rng(0).integers(0, 40, (*SIZE, 3)).astype(np.uint8)
    colors[:, 43:] += 150
    Image.fromarray(colors).save(tmp_path / 'a.png')
    return tmp_path / 'a.png', colors


def sample_of(path):
    generator = torch.Generator().manual_seed(0)
    cams = 0.3 * torch.rand(2, 16, 23, generator=generator)
    cams[0, :, :11] += 0.2
    cams[1, 10:, 14:] += 0.3
    meta = dict(img_id='a', img_path=str(path), ori_shape=SIZE, img_shape=SIZE)
    return DetDataSample(metainfo=meta, cams=InstanceData(cams=cams, labels=CLASSES))


def affinity_of():
    return feature_affinity(10 * torch.rand(1, 3, 8, 12, generator=torch.Generator().manual_seed(1)))


def refine_all_labels(colors, scores, num_labels):
    """The CRF of the official code: one step, all labels take part, absent ones with a score of 0."""
    maps = np.zeros((num_labels, *SIZE), np.float32)
    maps[[0, *(CLASSES + 1)]] = scores
    crf = densecrf.DenseCRF2D(SIZE[1], SIZE[0], num_labels)
    crf.setUnaryEnergy(np.ascontiguousarray(unary_from_softmax(maps)))
    crf.addPairwiseGaussian(sxy=3, compat=3)
    crf.addPairwiseBilateral(sxy=80, srgb=13, rgbim=np.ascontiguousarray(colors), compat=10)
    return np.array(crf.inference(1)).reshape(maps.shape).argmax(0)


def test_masks_are_those_of_a_crf_of_all_labels(photo):
    path, colors = photo
    maker = AffinityNetLabelMaker(stride=8, background_score=0.27, crf=True)
    sample, affinity = sample_of(path), affinity_of()
    scores = maker.spread(maker.pool_scores(sample.cams.cams, SIZE), affinity)
    found = maker(sample, affinity).pred_sem_seg.data[0].numpy()
    expected = refine_all_labels(colors, upsample_maps(scores, SIZE).numpy(), 21)
    assert (found != expected).mean() < 1e-3  # rounding of what absent labels take away
    assert set(np.unique(found).tolist()) <= {0, 5, 12} and len(np.unique(found)) == 3
    plain = AffinityNetLabelMaker(stride=8, background_score=0.27)(sample_of(path), affinity)
    assert (plain.pred_sem_seg.data[0].numpy() != found).mean() > 0.01


def test_masks_are_those_of_the_official_code(tmp_path):
    """Its scores are those of a walk of no step: averaged over cells of 8 pixels, and enlarged."""
    golden = read_golden('crf_labels')
    Image.fromarray(golden['image']).save(tmp_path / 'a.png')
    size = golden['image'].shape[:2]
    cams = InstanceData(cams=torch.from_numpy(golden['cams']), labels=torch.from_numpy(golden['classes']))
    sample = DetDataSample(metainfo=dict(img_id='a', img_path=str(tmp_path / 'a.png'), ori_shape=size), cams=cams)
    maker = AffinityNetLabelMaker(stride=8, background_score=0.27, steps=0, crf=True)
    affinity = torch.zeros(1, len(search_paths(5)), size[0] // 8, size[1] // 8)
    found = maker(sample, affinity).pred_sem_seg.data[0].numpy()
    # the official CRF gives the 18 absent classes a score of 1e-5, which moves hardly a pixel
    assert (found != read_golden('cam_masks')['ppc_walk_label']).sum() <= 2
    scores = maker.pool_scores(sample.cams.cams, size)
    plain = torch.cat([torch.zeros(1, dtype=torch.long), sample.cams.labels + 1])[strongest_map(scores, size)[0]]
    assert (plain.numpy() != found).mean() > 0.005


def test_settings_of_the_crf_can_be_changed(photo):
    masks = [
        AffinityNetLabelMaker(stride=8, background_score=0.27, crf=crf)(sample_of(photo[0]), affinity_of())
        for crf in (True, dict(iterations=1), dict(iterations=10), dict(bilateral=(5.0, 60.0, 10.0)))
    ]
    first, same, longer, other = (mask.pred_sem_seg.data for mask in masks)
    assert torch.equal(first, same) and (first != longer).any() and (first != other).any()


def test_photo_without_a_file_gets_one_line():
    maker = AffinityNetLabelMaker(stride=8, crf=True)
    with pytest.raises(ValueError, match='frame 3 is none: set model.test_cfg.crf=None for it') as error:
        maker(sample_of('frame 3'), affinity_of())
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('chain, crf', [('ppc_seam', True), ('seam', None)])
def test_reference_recipes_refine_where_the_papers_do(chain, crf):
    stages = read_stages(load_config(f'configs/recipes/{chain}_affinitynet_deeplab_resnet38_reference_voc2012.py'))
    (stage,) = (stage for stage in stages if stage.name == 'pseudo_labels')
    assert stage.load_config().model.test_cfg.crf == crf
