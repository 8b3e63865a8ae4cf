# A light PAM for your own photos on the backbone of the paper.
_base_ = ['./pam_mobilenet-v2_5e_photos.py', '../_base_/models/vgg16.py']
model = dict(backbone=dict(_delete_=True, **_base_.vgg16_light))
cpu_seconds = dict(iteration=2.7, megapixel=3.6)
