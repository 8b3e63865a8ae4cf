# EPS + PPC as in the official code (usr922/wseg, branch esp, of which the paper's 70.5 is), for converted weights and
# for training in the same way (the remaining differences are those of eps_resnet38_reference_voc2012.py):
#   python tools/model_converters/convert_reference.py --from ppc-eps IN OUT
# Against ppc-eps_resnet38_20k_voc2012.py it has SEAM's correlation module and losses, saliency losses of refined maps too, a
# background score of .10, prototypes of a sixteenth of the pixels, and long sides of 448 to 768. Two things are as published,
# though they look like slips: `untouched` and `refined_weight` (see EquivariantCrossRegularizationLoss and EPSSEAMHead).
_base_ = ['../eps/eps_resnet38_reference_voc2012.py', '../_base_/models/eps_seam.py', '../_base_/models/ppc.py']
contrast = dict(_base_.ppc.contrast_head.loss_contrast, background_threshold=.10, prototype_fraction=1 / 16)
model = dict(
    _base_.eps_seam,
    backbone=dict(out_indices=(2, 3, 4)),
    head=dict(_base_.eps_seam.head, loss_ecr=dict(type='EquivariantCrossRegularizationLoss', untouched=1)),
    contrast_head=dict(_base_.ppc.contrast_head, loss_contrast=contrast))

train_pipeline = [dict(step, long_side_range=(448, 768)) if step.type == 'PILRescale' else step
                  for step in _base_.train_pipeline]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
test_evaluator = [dict(metric, background_threshold=.22) if metric.type == 'SeedIoUMetric' else metric
                  for metric in _base_.test_evaluator]
# the official decay ends with 15 epochs of 10582 // 8 steps, and stays at its last rate for the last 170
param_scheduler = [dict(_base_.param_scheduler[0], end=19830)]
