# Masks of VOC 2012 from the CAMs of EPS + PPC as in the official code (branch esp): the background is (1 - strongest class) ** 8,
# and a CRF of 5 steps refines the scores. The .22 of that code is for its seeds without CRF.
_base_ = './cam-masks_voc2012.py'
masks = dict(type='GenerateCAMMasks', background_alpha=8., crf=dict(iterations=5))
test_pipeline = [masks if step.type == 'GenerateCAMMasks' else step for step in _base_.test_pipeline]
test_dataloader = dict(
    dataset=dict(data_prefix=dict(cams='work_dirs/ppc-eps_resnet38_reference_voc2012/cams'), pipeline=test_pipeline))
