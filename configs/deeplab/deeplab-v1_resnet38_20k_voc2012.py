# DeepLab V1 with large field of view on ResNet-38, trained on AffinityNet's pseudo masks of VOC 2012 trainaug, with the
# settings of the official code of PPC (experiment SEAM_deeplabv1_resnet38; the table in README.md compares them).
_base_ = ['./deeplab-v2_r101_20k_voc2012.py', '../_base_/models/resnet38.py']

# That code never calls train(), which would freeze: batch normalisation goes by the batch, and the stem is trained. No group
# of its optimizer has the weights and biases of batch normalisations. Running statistics at this momentum need thousands of
# iterations to leave those of initialisation, so a short training needs a higher one:
#   --cfg-options model.backbone.norm_cfg.momentum=.1 model.decode_head.norm_cfg.momentum=.1
norm_cfg = dict(type='BN', momentum=3e-4, requires_grad=False)
model = dict(
    backbone=dict(_base_.resnet38, _delete_=True, frozen_stages=-1, norm_eval=False, norm_cfg=norm_cfg),
    decode_head=dict(
        in_channels=4096,
        dilations=(12, ),
        hidden_channels=512,
        dropout_ratio=.5,
        drop_values=True,
        norm_cfg=norm_cfg,
        align_corners=True,
        loss_decode=dict(type='KnownPixelCrossEntropyLoss'),
        init_cfg=dict(type='KaimingWeights', mode='fan_out', layer='Conv2d')))

sizes = dict(RandomRescale=dict(by_factor=True), RandomCropAndPad=dict(crop_size=448))
train_pipeline = [
    *_base_.train_pipeline[:2],
    dict(type='RandomHSVShift', hue=10, saturation=10, value=10),
    *[dict(step, **sizes.get(step.type, {})) for step in _base_.train_pipeline[2:]],
]
factors = (.5, .75, 1., 1.25, 1.5, 1.75)
tta_pipeline = [
    *_base_.load_with_masks,
    dict(
        _base_.tta_pipeline[-1],
        transforms=[
            [dict(type='RandomRescale', factor_range=(factor, factor), by_factor=True) for factor in factors],
            *_base_.mirrored,
        ]),
]
masks = dict(semantic_masks='work_dirs/affinitynet_resnet38_8e_voc2012/semantic_masks')
train_dataloader = dict(dataset=dict(data_prefix=masks, pipeline=train_pipeline))

# the head learns ten times as fast (as V2's), the bias of its classifier twenty times and without weight decay
optim_wrapper = dict(
    optimizer=dict(lr=1e-3),
    paramwise_cfg=dict(custom_keys={'decode_head.branches.0.3.bias': dict(lr_mult=20, decay_mult=0)}))
# as there, the decay is divided by one step more than the training has
param_scheduler = [dict(_base_.param_scheduler[0], end=20001)]
# The official test refines by a dense CRF, too. Its function was not published; by its name it has the settings of DeepLab V2,
# the default here, and it is given the image with red first. Needs pydensecrf2; crf=None tests without.
tta_model = dict(average='logits', crf=dict(_delete_=True, channel_order='rgb'))
