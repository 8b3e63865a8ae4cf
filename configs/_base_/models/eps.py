# Turns a classifier of cam_*.py into EPS: `model = dict(_base_.eps, head=dict(_base_.eps.head, num_classes=...))`. It
# has one more map, for the background, and needs saliency maps in training.
eps = dict(type='EPS', head=dict(type='EPSHead', loss_eps=dict(type='EPSLoss', tau=.4, lam=.5)))
