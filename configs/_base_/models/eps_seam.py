# Turns a classifier of EPS into what the official code of EPS + PPC trains: SEAM's correlation module and losses between two
# views are added. The backbone must return three levels (out_indices).
eps_seam = dict(
    type='EPSSEAM',
    head=dict(type='EPSSEAMHead', low_levels=(-3, -2)),
    second_view=dict(size=(128, 128)),
    loss_stride=None)
