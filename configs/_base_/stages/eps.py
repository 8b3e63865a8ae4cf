# EPS: classifier and CAMs as in cam.py, with a saliency map per image in training. The maps are in the folder `saliency` of
# the data root (IMAGE.png, see configs/eps/README.md), or in the folder that the data set or the option
# train_dataloader.dataset.data_prefix.saliency names.
_base_ = './cam.py'
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadSaliency'),
    dict(type='RandomResizeLongSide', length_range=(256, 512)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomColorJitter', brightness=.3, contrast=.3, saturation=.3, hue=.1),
    dict(type='RandomCropAndPad', crop_size=448),
    dict(type='PackTagInputs'),
]
train_dataloader = dict(
    batch_size=8,
    drop_last=True,  # as in the official code
    dataset=dict(data_prefix=dict(saliency='saliency'), pipeline=train_pipeline))
auto_scale_lr = dict(base_batch_size=8)
test_evaluator = [
    dict(type='CAMWriter'),
    dict(type='MultiLabelMetric'),
    dict(type='SeedIoUMetric', background_threshold=.20),
]
