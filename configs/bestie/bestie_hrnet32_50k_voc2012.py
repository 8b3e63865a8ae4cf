# BESTIE on HRNet-W32, with three heads. To convert weights of the official code: convert_reference.py --from bestie-hrnet32
_base_ = ['./bestie_r50_50k_voc2012.py', '../_base_/models/hrnet32.py']
model = dict(
    backbone=dict(_delete_=True, **_base_.hrnet32),
    head=dict(_delete_=True, type='HighResolutionHead', num_classes=_base_.num_classes))
