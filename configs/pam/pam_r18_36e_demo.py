# The demo's PAM, trained from scratch.
_base_ = ['../cam/cam_r18_36e_demo.py', '../_base_/models/pam.py']
model = dict(_base_.pam, head=dict(type='PAMHead', channels=128))

# the image and its mirror image: peaks are found at one scale, as in the paper
tta_pipeline = [*_base_.load_with_masks, dict(type='mmcv.TestTimeAug', transforms=_base_.mirrored)]
test_dataloader = dict(dataset=dict(pipeline=tta_pipeline))
test_evaluator = [
    dict(type='PeakWriter'),
    dict(type='MultiLabelMetric'),
    dict(type='PeakMetric', score_threshold=.5),  # the minimal score of peaks in the demo's BESTIE
]
