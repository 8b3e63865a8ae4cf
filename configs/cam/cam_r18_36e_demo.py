# The demo's classifier, trained from scratch.
_base_ = [
    '../_base_/models/cam_r18_demo.py', '../_base_/datasets/demo.py', '../_base_/stages/cam.py', '../_base_/sizes/demo.py',
    '../_base_/schedules/adamw_one_cycle.py', '../_base_/default_runtime.py'
]
model = dict(head=dict(num_classes=_base_.num_classes))

train_pipeline = [dict(step, **_base_.sizes.get(step.type, {})) for step in _base_.train_pipeline]
train_dataloader = dict(num_workers=2, dataset=dict(pipeline=train_pipeline, **_base_.weak_dataset))
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.label_dataset)
