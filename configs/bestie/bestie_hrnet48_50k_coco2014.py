# BESTIE on HRNet-W48 on COCO 2014.
_base_ = ['./bestie_r50_50k_coco2014.py', '../_base_/models/hrnet48.py']
model = dict(
    backbone=dict(_delete_=True, **_base_.hrnet48),
    head=dict(_delete_=True, type='HighResolutionHead', num_classes=_base_.num_classes))
