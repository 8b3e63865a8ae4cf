# The schedule of BESTIE: Adam with polynomial decay over 50k iterations, multiplied by a linear warm-up of 2000 iterations.
# mmengine's LinearLR ends one iteration before its `end`.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-5))
param_scheduler = [
    dict(type='LinearLR', start_factor=.001, begin=0, end=2001, by_epoch=False),
    dict(type='PolynomialLR', power=.9, eta_min=0., begin=0, end=50000, by_epoch=False)
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=50000, val_interval=5000)
