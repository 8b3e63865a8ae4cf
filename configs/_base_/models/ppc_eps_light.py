# PPC on EPS for schedules of some hundred iterations, with the rising weight of ppc_light.py.
_base_ = './ppc_eps.py'
ppc = dict(contrast_head=dict(loss_contrast=dict(warmup_fraction=1 / 3)))
