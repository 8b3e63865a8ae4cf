# The ResNet-38 classifier of PSA, SEAM, EPS and PPC: output stride 8, stem and first stage frozen, and every batch
# normalisation fixed, weights included.
# Weights: WSIS_RESNET38, the public ImageNet file converted by
#   python tools/model_converters/convert_reference.py --from resnet38 IN checkpoints/resnet38_imagenet.pth
model = dict(
    type='CAMClassifier',
    data_preprocessor=dict(
        type='DetDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True),
    backbone=dict(
        type='ResNet38',
        frozen_stages=1,
        norm_cfg=dict(type='BN', requires_grad=False),
        norm_eval=True,
        init_cfg=dict(
            type='Pretrained', checkpoint='{{$WSIS_RESNET38:checkpoints/resnet38_imagenet.pth}}')),
    head=dict(type='CAMHead', num_classes=20),
    test_cfg=dict(mode='pseudo_label', stride=4))
