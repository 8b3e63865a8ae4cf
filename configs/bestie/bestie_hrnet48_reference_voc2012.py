# BESTIE on HRNet-W48 that sees images as in the official code: both sides are rounded to 32k + 1 pixels and scaled by tenths, and
# the ground around small images is background to learn. Tests and labels are those of the base. Remaining differences: colours
# are changed and scaled in 8 bits, hues in whole steps, points move with the middles of their pixels, and configs/bestie/README.md.
_base_ = './bestie_hrnet48_50k_voc2012.py'
train_pipeline = [
    *_base_.train_pipeline[:4],
    dict(type='ResizeToMultiplePlusOne', long_side=449, divisor=32),
    dict(
        type='RandomRescale',
        factors=(.7, .8, .9, 1., 1.1, 1.2, 1.3),
        interpolation='bilinear',
        by_factor=True),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=416, pad_value=(103, 116, 123), label_pad_value=0),
    *_base_.train_pipeline[-2:],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
