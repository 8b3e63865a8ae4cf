# The demo's DeepLab V2 on the backbone of its classifier, trained on IRNet's pseudo masks.
_base_ = [
    '../_base_/models/deeplab_v2_r101.py', '../_base_/models/r18_demo.py', '../_base_/datasets/demo.py',
    '../_base_/stages/deeplab.py', '../_base_/sizes/demo.py', '../_base_/schedules/adamw_one_cycle.py',
    '../_base_/mmseg_runtime.py'
]
model = dict(
    backbone=dict(
        _base_.r18_demo,
        out_indices=(2, ),
        norm_cfg=dict(requires_grad=True),
        norm_eval=False,
        init_cfg=dict(_delete_=True, **_base_.classifier_weights)),
    # the demo's objects are a quarter as large as VOC's, and so are the dilations
    decode_head=dict(in_channels=128, dilations=(1, 3, 5, 7), num_classes=_base_.num_classes + 1))

train_pipeline = [dict(step, **_base_.sizes.get(step.type, {})) for step in _base_.train_pipeline]
tta_pipeline = [
    *_base_.load_with_masks,
    dict(_base_.tta_pipeline[-1], transforms=[_base_.tta_pipeline[-1].transforms[0][1:4], *_base_.mirrored]),
]
masks = dict(_base_.label_dataset.get('data_prefix', {}), semantic_masks='work_dirs/irnet_r18_20e_demo/semantic_masks')
train_dataloader = dict(
    batch_size=16, num_workers=2, dataset=dict(_base_.label_dataset, data_prefix=masks, pipeline=train_pipeline))
auto_scale_lr = dict(base_batch_size=16)
val_dataloader = test_dataloader = dict(dataset=_base_.val_dataset)

optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = [dict(_base_.param_scheduler[0], eta_max=2e-3, total_steps=20)]
train_cfg = dict(max_epochs=20, val_interval=10)
