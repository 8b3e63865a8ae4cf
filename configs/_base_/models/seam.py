# What turns a classifier of cam_*.py into SEAM: `model = dict(backbone=dict(out_indices=...), **_base_.seam)`. Its pixel
# correlation module compares the two levels before the classified one.
seam = dict(
    type='SEAM',
    head=dict(type='SEAMHead', in_index=-1, low_levels=(-3, -2)),
    second_view=dict(scale_factor=.3))
