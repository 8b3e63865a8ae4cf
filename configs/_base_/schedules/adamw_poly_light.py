# AdamW with polynomial decay per step, for light backbones: the head learns ten times as fast.
_base_ = './sgd_poly.py'
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=1e-4, weight_decay=.01),
    paramwise_cfg=dict(custom_keys={'head': dict(lr_mult=10)}))
