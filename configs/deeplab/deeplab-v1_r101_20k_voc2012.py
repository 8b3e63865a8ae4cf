# DeepLab V1 on ResNet-101 with the settings of the official code of PPC (experiment EPS_deeplabv1_resnet101), trained on the CAMs
# of EPS + PPC after a CRF. All but the backbone is as in deeplab-v1_resnet38_20k_voc2012.py.
_base_ = ['./deeplab-v1_resnet38_20k_voc2012.py', '../_base_/models/deeplab_r101_deep_stem.py']
model = dict(backbone=dict(_delete_=True, **_base_.r101_deep_stem), decode_head=dict(in_channels=2048))
masks = dict(semantic_masks='work_dirs/cam-masks-ppc_voc2012/semantic_masks')
train_dataloader = dict(dataset=dict(data_prefix=masks))
