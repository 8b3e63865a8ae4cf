# SGD with polynomial decay per step. The official codes of IRNet, SEAM, EPS and PPC hand the weight decay to the momentum of
# SGD, so their published results were made with momentum 1e-4 (IRNet), not .9. Configs named after the papers do the same.
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=.1, momentum=1e-4, weight_decay=1e-4))
param_scheduler = [
    dict(type='PolynomialLR', power=.9, eta_min=0., begin=0, end=5, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=5, val_interval=1)
