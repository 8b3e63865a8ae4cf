# AffinityNet's labels from the CAMs of SEAM + PPC as in the official code of PPC: the CRF refines the strongest label of each
# pixel, not the scores. That code takes one exponent for both label maps unless it is called twice and names none; these are
# SEAM's 4 and 24, as for its scores.
_base_ = './affinity-labels_voc2012.py'
test_pipeline = [
    dict(step, hard_labels=_base_.num_classes + 1) if step.type == 'GenerateAffinityLabels' else step
    for step in _base_.test_pipeline
]
test_dataloader = dict(
    dataset=dict(data_prefix=dict(cams='work_dirs/ppc-seam_resnet38_8e_voc2012/cams'), pipeline=test_pipeline))
