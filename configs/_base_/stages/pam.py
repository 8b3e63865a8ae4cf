# Classifier with peak attention, and its peaks, with the sizes and colours of the official code: images of any shape are
# resized to squares by PIL. The batch is of all processes: the official results are of 5 images on each of 2 GPUs. The official
# code keeps the last batch of an epoch, which is smaller.
_base_ = './cam.py'
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='mmcv.Resize', scale=(384, 384), keep_ratio=False, backend='pillow'),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomColorJitter', brightness=.3, contrast=.3, saturation=.3, hue=.1),
    dict(type='RandomCropAndPad', crop_size=321),
    dict(type='PackTagInputs'),
]
tta_pipeline = [
    *_base_.load_with_masks,
    dict(type='mmcv.Resize', scale=(321, 321), keep_ratio=False, backend='pillow'),
    dict(type='mmcv.TestTimeAug', transforms=_base_.mirrored),
]
test_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='mmcv.Resize', scale=(321, 321), keep_ratio=False, backend='pillow'),
    dict(type='PackTagInputs'),
]
train_dataloader = dict(batch_size=10, dataset=dict(pipeline=train_pipeline))
auto_scale_lr = dict(base_batch_size=10)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=tta_pipeline))
test_evaluator = [
    dict(type='PeakWriter'),
    dict(type='MultiLabelMetric'),
    dict(type='PeakMetric'),
]
