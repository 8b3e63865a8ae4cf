# EPS (CVPR 2021) on the paper's network, with the settings of its official code for COCO.
_base_ = ['./eps_r50_256k_coco2014.py', '../_base_/models/resnet38.py']
model = dict(backbone=dict(_delete_=True, **_base_.resnet38))
