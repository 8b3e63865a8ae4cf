# Peak attention on any classifier: `model = _base_.pam`.
pam = dict(type='PeakClassifier', head=dict(type='PAMHead'), test_cfg=dict(stride=1))
