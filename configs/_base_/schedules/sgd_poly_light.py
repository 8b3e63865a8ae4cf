# SGD with polynomial decay and the usual momentum, for light backbones: the head learns ten times as fast.
_base_ = './sgd_poly.py'
optim_wrapper = dict(
    optimizer=dict(lr=.01, momentum=.9), paramwise_cfg=dict(custom_keys={'head': dict(lr_mult=10)}))
