# The schedule of SEAM and PPC, and of their AffinityNet: new layers (the heads) learn ten times as fast, biases twice as
# fast and without weight decay (the shipped networks have biases in batch normalisations only, which are not affected). As
# in the official codes the momentum is the weight decay (see sgd_poly.py).
_base_ = './sgd_poly.py'
optim_wrapper = dict(
    optimizer=dict(lr=.01, momentum=5e-4, weight_decay=5e-4),
    paramwise_cfg=dict(bias_lr_mult=2., bias_decay_mult=0., custom_keys={'head': dict(lr_mult=10)}))
param_scheduler = [
    dict(type='PolynomialLR', power=.9, eta_min=0., begin=0, end=8, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(max_epochs=8)
