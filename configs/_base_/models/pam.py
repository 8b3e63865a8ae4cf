# Peak attention on any classifier, as eps.py.
pam = dict(type='PeakClassifier', head=dict(type='PAMHead'), test_cfg=dict(stride=1))
