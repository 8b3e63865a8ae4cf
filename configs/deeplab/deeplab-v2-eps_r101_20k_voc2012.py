# DeepLab V2 on ResNet-101 as EPS retrains it, with kazuto1011/deeplab-pytorch (configs/voc12.yaml): it sees each image at three
# scales, in training and in the test, and learns from each and from their maximum. Trained on the CAMs of EPS at .20.
#
# It starts from weights that were trained on true masks of COCO, so its numbers are not those of tags alone;
# deeplab-v2_r101_20k_voc2012.py starts from ImageNet. The weights: init.caffemodel of DeepLab V2's authors, turned into
# deeplabv1_resnet101-coco.pth by the convert.py of that code, and then by
#   python tools/model_converters/convert_reference.py --from deeplab-coco IN checkpoints/deeplab_r101_coco.pth
_base_ = './deeplab-v2_r101_20k_voc2012.py'

# as of Caffe: colours in their own order and range
mean = [104.008, 116.669, 122.675]
model = dict(
    type='MultiScaleSegmentor',
    scales=(.5, .75),
    data_preprocessor=dict(mean=mean, std=[1., 1., 1.], bgr_to_rgb=False),
    backbone=dict(
        type='CaffeResNet', init_cfg=dict(type='Pretrained', checkpoint='checkpoints/deeplab_r101_coco.pth')),
    decode_head=dict(loss_decode=dict(type='KnownPixelCrossEntropyLoss')))

# images are scaled by one of five factors and flipped last, and small ones lie in the top left corner of the crop
train_pipeline = [
    *_base_.train_pipeline[:2],
    dict(type='RandomRescale', factors=(.5, .75, 1., 1.25, 1.5), interpolation='bilinear', round_down=True),
    dict(_base_.train_pipeline[4], pad_value=mean, random_ground=False),
    _base_.train_pipeline[3],
    _base_.train_pipeline[5],
]
# one view: the network itself looks at three scales
tta_pipeline = [
    *_base_.load_with_masks,
    dict(_base_.tta_pipeline[-1], transforms=[[dict(type='mmcv.RandomFlip', prob=0.)], [dict(type='PackTagInputs')]]),
]
masks = dict(semantic_masks='work_dirs/cam-masks_voc2012/semantic_masks')
train_dataloader = dict(dataset=dict(data_prefix=masks, pipeline=train_pipeline))

# batch normalisation is fixed; the head learns ten times as fast, its biases twenty times and without weight decay
biases = {f'decode_head.branches.{branch}.1.bias': dict(lr_mult=20, decay_mult=0) for branch in range(4)}
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=biases))
# the rate changes after every tenth step
param_scheduler = [dict(_base_.param_scheduler[0], interval=10)]
tta_model = dict(crf=True)
