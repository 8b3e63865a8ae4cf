"""A network of each method takes a training step as its config says."""

import pytest
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS
from mmengine.structures import InstanceData, PixelData
from shipped_configs import elsewhere, read, read_once  # noqa: F401  (fixtures)


def sample_of(size: int, **fields) -> DetDataSample:
    sample = DetDataSample(
        metainfo=dict(
            img_shape=(size, size),
            ori_shape=(size, size),
            pad_shape=(size, size),
            batch_input_shape=(size, size),
            scale_factor=(1.0, 1.0),
        )
    )
    for name, value in fields.items():
        setattr(sample, name, value)
    return sample


def fields_of(kind: str, size: int) -> dict:
    if kind == 'cam':
        return dict(gt_tags=torch.tensor([0.0, 1, 1] + [0.0] * 5))
    if kind == 'eps':
        saliency = torch.zeros(1, size, size, dtype=torch.uint8)
        saliency[:, 20:80, 16:60] = 255
        return dict(fields_of('cam', size), gt_saliency=PixelData(data=saliency))
    labels = torch.zeros(1, size, size, dtype=torch.uint8)
    labels[:, 20:80, 16:60], labels[:, 60:100, 80:120], labels[:, :10] = 2, 5, 255
    if kind in ('irnet', 'affinitynet', 'deeplab'):
        return dict(gt_sem_seg=PixelData(data=labels.long()))
    masks = torch.cat([labels == 2, labels == 5]).numpy().astype('uint8')
    return dict(
        gt_instances=InstanceData(
            bboxes=torch.tensor([[16.0, 20, 60, 80], [80, 60, 120, 100]]),
            labels=torch.tensor([1, 4]),
            masks=BitmapMasks(masks, size, size),
        )
    )


@pytest.mark.parametrize(
    'kind, name',
    [
        ('affinitynet', 'configs/affinitynet/affinitynet_r18_20e_demo.py'),
        ('cam', 'configs/cam/cam_r18_36e_demo.py'),
        ('eps', 'configs/eps/eps_r18_36e_demo.py'),
        ('cam', 'configs/seam/seam_r18_36e_demo.py'),
        ('cam', 'configs/ppc/ppc-seam_r18_36e_demo.py'),
        ('eps', 'configs/ppc/ppc-eps_r18_36e_demo.py'),
        ('irnet', 'configs/irnet/irnet_r18_20e_demo.py'),
        ('deeplab', 'configs/deeplab/deeplab-v2_r18_20e_demo.py'),
        ('mask_rcnn', 'configs/mask_rcnn/mask-rcnn_r18_6e_demo.py'),
    ],
)
def test_training_step_of_each_method(kind, name):
    torch.manual_seed(0)
    cfg = read(name)
    model = MODELS.build(cfg.model)
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    batch = dict(
        inputs=[torch.randint(0, 255, (3, 128, 128), dtype=torch.uint8) for _ in range(2)],
        data_samples=[sample_of(128, **fields_of(kind, 128)) for _ in range(2)],
    )
    before = {key: value.clone() for key, value in model.state_dict().items()}
    model.train()
    losses = model.train_step(batch, wrapper)
    assert torch.isfinite(losses['loss']) and losses['loss'] > 0
    changed = {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert any(not key.startswith('backbone') for key in changed)
    assert any(key.startswith('backbone') for key in changed)  # in the demo nothing is pretrained
