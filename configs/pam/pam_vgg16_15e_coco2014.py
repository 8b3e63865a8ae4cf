# PAM on the paper's network on COCO 2014.
_base_ = ['./pam_r50_15e_coco2014.py', '../_base_/models/vgg16.py']
model = dict(backbone=dict(_delete_=True, **_base_.vgg16))
