# EPS (CVPR 2021) with the paper's settings: resize 256-512, crop 448, batch size 8, 20k iterations, lambda .5.
# For COCO the official code has lambda .9, resize 256-448, crop 321, batch size 16 and 256.5k iterations.
_base_ = ['./eps_r50_20k_voc2012.py', '../_base_/models/resnet38.py']
model = dict(backbone=dict(_delete_=True, **_base_.resnet38))
