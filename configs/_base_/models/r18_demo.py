# The demo's backbone: ResNet-18 of half width without its last stage, at stride 8, because the demo's objects are small. All
# networks but the classifiers start from the backbone of the classifier: `init_cfg=dict(_delete_=True, **_base_.classifier_weights)`.
r18_demo = dict(
    depth=18, base_channels=32, num_stages=3, strides=(1, 2, 1), dilations=(1, 1, 1), out_indices=(0, 1, 2))
classifier_weights = dict(
    type='Pretrained', checkpoint='work_dirs/cam_r18_36e_demo/epoch_36.pth', prefix='backbone.')
