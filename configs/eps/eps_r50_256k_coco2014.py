# EPS on COCO 2014 with the official code's settings (lambda .9, longest side 256 to 448, crop 321, batch size 16, 256.5k
# iterations), on ResNet-50 of output stride 16.
_base_ = [
    '../_base_/models/cam_r50.py', '../_base_/models/eps.py', '../_base_/datasets/coco2014.py',
    '../_base_/stages/eps.py', '../_base_/schedules/sgd_poly_20k.py', '../_base_/iteration_runtime.py'
]
loss = dict(_base_.eps.head.loss_eps, lam=.9)
model = dict(_base_.eps, head=dict(_base_.eps.head, num_classes=_base_.num_classes, loss_eps=loss))

sizes = dict(RandomResizeLongSide=dict(length_range=(256, 448)), RandomCropAndPad=dict(crop_size=321))
train_pipeline = [dict(step, **sizes.get(step.type, {})) for step in _base_.train_pipeline]
train_dataloader = dict(batch_size=16, dataset=dict(_base_.weak_dataset, pipeline=train_pipeline))
auto_scale_lr = dict(base_batch_size=16)
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.label_dataset)

optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'head': dict(lr_mult=10)}))
param_scheduler = [dict(_base_.param_scheduler[0], end=256500)]
train_cfg = dict(max_iters=256500, val_interval=25650)
