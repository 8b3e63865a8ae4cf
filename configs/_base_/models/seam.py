# What turns a classifier of cam_*.py into SEAM, as eps.py. Its pixel correlation module compares the two levels before the
# classified one, so the backbone gives three (out_indices).
seam = dict(
    type='SEAM',
    head=dict(type='SEAMHead', in_index=-1, low_levels=(-3, -2)),
    second_view=dict(scale_factor=.3))
