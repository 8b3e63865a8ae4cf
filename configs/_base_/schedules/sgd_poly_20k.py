# SGD with polynomial decay over 20k iterations, and the momentum of the official codes (see sgd_poly.py).
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=.01, momentum=5e-4, weight_decay=5e-4))
param_scheduler = [dict(type='PolynomialLR', power=.9, eta_min=0., begin=0, end=20000, by_epoch=False)]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=20000, val_interval=4000)
