# SEAM on the paper's network on COCO 2014.
_base_ = ['./seam_r50_8e_coco2014.py', '../_base_/models/resnet38.py']
model = dict(backbone=dict(_delete_=True, out_indices=(2, 3, 4), **_base_.resnet38))
