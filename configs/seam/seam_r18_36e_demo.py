# SEAM on the demo set, trained from scratch, with the images and the budget of cam_r18_36e_demo.py. The images are small: the
# second view is 96 pixels wide (12 of the class maps), and losses are computed at the resolution of the class maps.
_base_ = ['../cam/cam_r18_36e_demo.py', '../_base_/models/seam.py']
model = dict(
    type='SEAM',
    head=dict(_base_.seam.head, dropout=0.),
    second_view=dict(scale_factor=.6),
    loss_stride=None)
# the background threshold of stages/seam.py
test_evaluator = [*_base_.test_evaluator[:2], dict(type='SeedIoUMetric', background_threshold=.26)]
