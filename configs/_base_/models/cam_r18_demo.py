# The demo's classifier: ResNet-18 of half width without its last stage, at stride 8, as the demo's objects are small.
# It is trained from scratch, so no stage is frozen and BN learns its statistics.
_base_ = './cam_r50.py'
model = dict(
    backbone=dict(
        depth=18,
        base_channels=32,
        num_stages=3,
        strides=(1, 2, 1),
        dilations=(1, 1, 1),
        out_indices=(0, 1, 2),
        frozen_stages=-1,
        norm_eval=False,
        init_cfg=None))
