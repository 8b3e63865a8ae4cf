# SEAM (CVPR 2020) with the paper's settings.
_base_ = ['./seam_r50_8e_voc2012.py', '../_base_/models/resnet38.py']
model = dict(backbone=dict(_delete_=True, out_indices=(2, 3, 4), **_base_.resnet38))
