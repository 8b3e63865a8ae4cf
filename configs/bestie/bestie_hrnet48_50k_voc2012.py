# BESTIE on HRNet-W48. To convert weights of the official code: convert_reference.py --from bestie-hrnet48
_base_ = ['./bestie_r50_50k_voc2012.py', '../_base_/models/hrnet48.py']
model = dict(
    backbone=dict(_delete_=True, **_base_.hrnet48),
    head=dict(_delete_=True, type='HighResolutionHead', num_classes=_base_.num_classes))
