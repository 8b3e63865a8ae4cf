# EPS: maps of background and classes on ResNet-38, trained on tags and saliency.
_base_ = './cam_resnet38.py'
model = dict(
    type='EPS',
    head=dict(type='EPSHead', loss_eps=dict(type='EPSLoss', tau=.4, lam=.5)))
