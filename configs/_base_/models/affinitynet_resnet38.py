# AffinityNet on the last three levels of ResNet-38 (512, 1024 and 4096 channels, all of stride 8): 64 + 128 + 256 = 448
# features per pixel. Stem, first stage and every batch normalisation are fixed, as in the official code.
_base_ = './resnet38.py'
model = dict(
    type='AffinityNet',
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=8),
    backbone=dict(out_indices=(2, 3, 4), **_base_.resnet38),
    head=dict(type='AffinityNetHead', channels=(64, 128, 256), radius=5),
    # SEAM's background: (1 - strongest class) ** 6. PPC's is a constant: background_score=.27. crf=True refines the masks by
    # a dense CRF, as PPC does
    test_cfg=dict(background_alpha=6., background_score=None, beta=8., steps=64, crf=None))
