"""A network of each method takes a training step as its config says, in float32 and in a CPU's mixed precision."""

import pytest
import torch
from loss_batches import SIZE, make_bestie_sample
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS
from mmengine.structures import InstanceData, PixelData
from shipped_configs import elsewhere, read, read_once  # noqa: F401  (fixtures)
from torch import Tensor, nn

from projects.wsis.apis.devices import use_bfloat16
from projects.wsis.apis.launch import apply_amp
from projects.wsis.models.mmcv_operators import prepare_for_operators


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


def make_batch(kind: str) -> dict:
    """Two photos of noise with what a method learns from."""
    size = SIZE if kind == 'bestie' else 128
    samples = [
        make_bestie_sample(empty=False) if kind == 'bestie' else sample_of(size, **fields_of(kind, size))
        for _ in range(2)
    ]
    photos = [torch.randint(0, 255, (3, size, size), dtype=torch.uint8) for _ in samples]
    return dict(inputs=photos, data_samples=samples)


def record_precisions(model: nn.Module) -> set[torch.dtype]:
    """Return a set that fills with the types of what convolutions give."""
    precisions: set[torch.dtype] = set()

    def record(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        precisions.add(output.dtype)

    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(record)
    return precisions


@pytest.mark.parametrize('precision', [torch.float32, torch.bfloat16], ids=['float32', 'bfloat16'])
@pytest.mark.parametrize(
    'kind, name',
    [
        ('affinitynet', 'configs/affinitynet/affinitynet_r18_20e_demo.py'),
        ('cam', 'configs/cam/cam_r18_36e_demo.py'),
        ('cam', 'configs/pam/pam_r18_36e_demo.py'),
        ('eps', 'configs/eps/eps_r18_36e_demo.py'),
        ('cam', 'configs/seam/seam_r18_36e_demo.py'),
        ('cam', 'configs/ppc/ppc-seam_r18_36e_demo.py'),
        ('eps', 'configs/ppc/ppc-eps_r18_36e_demo.py'),
        ('irnet', 'configs/irnet/irnet_r18_20e_demo.py'),
        ('deeplab', 'configs/deeplab/deeplab-v2_r18_20e_demo.py'),
        ('mask_rcnn', 'configs/mask_rcnn/mask-rcnn_r18_6e_demo.py'),
        ('bestie', 'configs/bestie/bestie_r18_18e_demo.py'),
    ],
)
def test_training_step_of_each_method(kind, name, precision):
    torch.manual_seed(0)
    cfg = read(name)
    if precision == torch.bfloat16:
        apply_amp(cfg)  # this and what follows is what `tools/train.py --amp` does on a CPU
        use_bfloat16(cfg.optim_wrapper)
    model = MODELS.build(cfg.model)
    if precision == torch.bfloat16:
        prepare_for_operators(model)
    if kind == 'bestie':
        model.refining = True  # as in the second half of its training, whose losses include those of the first
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    batch = make_batch(kind)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    precisions = record_precisions(model)
    model.train()
    losses = model.train_step(batch, wrapper)
    assert precision in precisions and precisions <= {precision, torch.float32}
    assert all(torch.isfinite(loss) for loss in losses.values()) and losses['loss'] > 0
    after = model.state_dict()
    weights = [value for value in after.values() if value.is_floating_point()]
    assert all(value.dtype == torch.float32 and value.isfinite().all() for value in weights)
    changed = {key for key, value in after.items() if not torch.equal(value, before[key])}
    assert any(not key.startswith('backbone') for key in changed)
    assert any(key.startswith('backbone') for key in changed)  # in the demo nothing is pretrained
