# IRNet's classifier: ResNet-50 of output stride 16 without dilation, first two stages frozen, BN statistics fixed. As in
# every base of a model, the config that combines model and data set sets the number of classes.
model = dict(
    type='CAMClassifier',
    data_preprocessor=dict(
        type='DetDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True),
    backbone=dict(
        type='ResNet',
        depth=50,
        strides=(1, 2, 2, 1),
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(
            type='Pretrained', checkpoint='https://download.pytorch.org/models/resnet50-0676ba61.pth')),
    head=dict(type='CAMHead'),
    test_cfg=dict(mode='pseudo_label', stride=4))
