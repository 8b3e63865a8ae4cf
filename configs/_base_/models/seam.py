# Turns a classifier of cam_*.py into SEAM (see eps.py). The pixel correlation module compares the two levels before the
# classified one, so the backbone must return three (out_indices).
seam = dict(
    type='SEAM',
    head=dict(type='SEAMHead', in_index=-1, low_levels=(-3, -2)),
    second_view=dict(scale_factor=.3))
