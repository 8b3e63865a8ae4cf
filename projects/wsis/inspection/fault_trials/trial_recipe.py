"""The tiny recipe of the fault trials: nothing in it is random, so that what is made after a fault can be compared."""

from pathlib import Path

from ...apis.configs import ROOT
from ...structures import write_atomically

EPOCHS = 3
# Trainings that are resumed draw other random numbers than those that never stopped: no transform here draws any.
SIZES = f"""
trial_crop = dict(type='RandomCropAndPad', crop_size=64, random=False)
trial_loader = dict(batch_size=4, num_workers=1, persistent_workers=False)
trial_scales = dict(type='mmcv.TestTimeAug', transforms=[
    [dict(type='mmcv.Resize', scale_factor=factor, keep_ratio=True) for factor in (1.0, 0.5)],
    [dict(type='mmcv.RandomFlip', prob=share) for share in (0.0, 1.0)], [dict(type='PackTagInputs')]])
trial_training = dict(max_epochs={EPOCHS}, val_interval=1)
trial_timeout = 10  # seconds, so that a trial does not take long
"""
CONFIGS = dict(
    classifier="""
_base_ = ['{root}/configs/cam/cam_r18_36e_demo.py', './sizes.py']
model = dict(backbone=dict(base_channels=8, norm_eval=True))
train_pipeline = [dict(type='LoadPhoto'), _base_.trial_crop, dict(type='PackTagInputs')]
train_dataloader = dict(_base_.trial_loader, dataset=dict(pipeline=train_pipeline))
val_dataloader = _base_.trial_loader
test_dataloader = dict(num_workers=1)
tta_pipeline = [dict(type='LoadPhoto'), dict(type='LoadEvaluationMasks'), _base_.trial_scales]
train_cfg, worker_timeout = _base_.trial_training, _base_.trial_timeout
param_scheduler = [dict(
    type='OneCycleLR', eta_max=4e-3, total_steps=20, by_epoch=True, convert_to_iter_based=True)]
""",
    labels="""
_base_ = ['{root}/configs/irnet/inter-pixel-labels_demo.py', './sizes.py']
test_pipeline = [
    dict(type='LoadPhoto'), dict(type='LoadEvaluationMasks'), dict(type='LoadCAMs'),
    dict(type='GenerateInterPixelLabels', foreground_threshold=0.7, background_threshold=0.4),
    dict(type='PackTagInputs')]
test_dataloader = dict(num_workers=1, dataset=dict(pipeline=test_pipeline))
worker_timeout = _base_.trial_timeout
""",
    irnet="""
_base_ = ['{root}/configs/irnet/irnet_r18_20e_demo.py', './sizes.py']
model = dict(
    backbone=dict(base_channels=8),
    neck=dict(boundary_channels=4, displacement_channels=(8, 8, 8, 8, 8), fusion_channels=8),
    head=dict(displacement_channels=8, loss_affinity=dict(radius=5), loss_displacement=dict(radius=5)),
    test_cfg=dict(cluster_iterations=20))
train_pipeline = [
    dict(type='LoadPhoto'), dict(type='LoadInterPixelLabels'), _base_.trial_crop, dict(type='PackTagInputs')]
mean_pipeline = [dict(type='LoadPhoto'), _base_.trial_crop, dict(type='PackTagInputs')]
train_dataloader = dict(_base_.trial_loader, dataset=dict(pipeline=train_pipeline))
mean_dataloader = dict(batch_size=4, num_workers=1, dataset=dict(pipeline=mean_pipeline))
test_dataloader = dict(num_workers=1)
train_cfg, worker_timeout = _base_.trial_training, _base_.trial_timeout
param_scheduler = [dict(
    type='PolyLR', power=0.9, eta_min=0.0, begin=0, end=3, by_epoch=True, convert_to_iter_based=True)]
""",
    recipe="""
_base_ = '{root}/configs/recipes/irnet_r18_demo.py'
configs = dict(cam='{folder}/classifier.py', inter_pixel_labels='{folder}/labels.py', irnet='{folder}/irnet.py')
options = dict(_delete_=True, irnet={{'model.backbone.init_cfg.checkpoint': '{{classifier.checkpoint}}'}})
expected = dict(_delete_=True)
skip = ['pseudo_labels_cam', 'pseudo_labels_boundary', 'mask_rcnn', 'evaluation', 'pictures']
""",
    short_recipe="""
_base_ = './recipe.py'
skip = ['inter_pixel_labels', 'irnet', 'pseudo_labels', *_base_.skip]
options = dict(_delete_=True)
configs = dict(_delete_=True, cam=_base_.configs['cam'])
""",
)


def write_recipe(folder: Path) -> None:
    """Write the configs; ``recipe.py`` has all five stages, ``short_recipe.py`` the first two."""
    write_atomically(folder / 'sizes.py', lambda file: file.write(SIZES.encode()))
    for name, text in CONFIGS.items():
        content = text.format(root=ROOT.as_posix(), folder=folder.resolve().as_posix())
        write_atomically(folder / f'{name}.py', lambda file, content=content: file.write(content.encode()))
