# BESTIE (CVPR 2022) on ResNet-50 with the settings of the official code (clovaai/BESTIE), also for converted weights:
#   python tools/model_converters/convert_reference.py --from bestie-r50 IN OUT
# It learns from the WSSS maps of a segmentation model and the peaks of PAM.
# Remaining differences: colours are changed in 8 bits and hues in whole steps, images keep their shape where the official code
# rounds both sides to 32k + 1, scales are drawn evenly instead of in steps of a tenth, the padding around small images is not
# learnt as background, and offsets are scaled where the network sees an image at another size.
_base_ = [
    '../_base_/models/bestie_r50.py', '../_base_/datasets/voc2012.py', '../_base_/stages/bestie.py',
    '../_base_/schedules/adam_poly_50k.py', '../_base_/iteration_runtime.py'
]
# the official results by tags are of the image alone, without its mirror image
model = dict(head=dict(num_classes=_base_.num_classes), test_cfg=dict(flip=False))

masks = dict(
    _base_.label_dataset.get('data_prefix', {}), semantic_masks='work_dirs/deeplab-v2_r101_20k_voc2012-maps/semantic_masks')
peaks = 'work_dirs/pam_vgg16_15e_voc2012/peaks.json'
train_dataloader = dict(drop_last=True, dataset=dict(_base_.label_dataset, data_prefix=masks, points_file=peaks))
val_dataloader = test_dataloader = dict(dataset=_base_.val_dataset)
