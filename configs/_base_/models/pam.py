# Turns a classifier of cam_*.py into PAM (see eps.py).
pam = dict(type='PeakClassifier', head=dict(type='PAMHead'), test_cfg=dict(stride=1))
