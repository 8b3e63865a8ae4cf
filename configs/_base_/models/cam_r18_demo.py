# The demo's classifier is trained from scratch, so no stage is frozen and BN learns its statistics.
_base_ = ['./cam_r50.py', './r18_demo.py']
model = dict(backbone=dict(frozen_stages=-1, norm_eval=False, init_cfg=None, **_base_.r18_demo))
