# The demo's DeepLab V2 on the backbone of its classifier, trained on IRNet's pseudo masks.
_base_ = [
    '../_base_/models/deeplab_v2_r101.py', '../_base_/datasets/demo.py', '../_base_/stages/deeplab.py',
    '../_base_/mmseg_runtime.py'
]
model = dict(
    backbone=dict(
        depth=18,
        base_channels=32,
        num_stages=3,
        strides=(1, 2, 1),
        dilations=(1, 1, 1),
        out_indices=(2, ),
        norm_cfg=dict(requires_grad=True),
        norm_eval=False,
        init_cfg=dict(
            _delete_=True,
            type='Pretrained',
            checkpoint='work_dirs/cam_r18_36e_demo/epoch_36.pth',
            prefix='backbone.')),
    # the demo's objects are a quarter as large as VOC's, and so are the dilations
    decode_head=dict(in_channels=128, dilations=(1, 3, 5, 7), num_classes=_base_.num_classes + 1))

train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadSemanticMasks'),
    dict(type='RandomRescale', factor_range=(.75, 1.25)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=160),
    dict(type='PackSegInputs'),
]
tta_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(
        type='mmcv.TestTimeAug',
        transforms=[
            [dict(type='mmcv.Resize', scale_factor=factor, keep_ratio=True) for factor in (.75, 1., 1.25)],
            [dict(type='mmcv.RandomFlip', prob=probability) for probability in (0., 1.)],
            [dict(type='PackTagInputs')],
        ]),
]
semantic_masks = 'work_dirs/irnet_r18_20e_demo/semantic_masks'
train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    dataset=dict(
        data_prefix=dict(semantic_masks=semantic_masks), pipeline=train_pipeline, **_base_.label_dataset))
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.val_dataset)

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=2e-3, weight_decay=.05))
param_scheduler = [
    dict(type='OneCycleLR', eta_max=2e-3, total_steps=20, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20, val_interval=10)
