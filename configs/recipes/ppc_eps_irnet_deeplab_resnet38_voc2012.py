# EPS + PPC on VOC 2012, refined by IRNet, then DeepLab V1 on ResNet-38. The saliency maps come from a saliency model
# (configs/eps/README.md).
_base_ = './ppc_seam_irnet_deeplab_resnet38_voc2012.py'
configs = dict(cam='configs/ppc/ppc-eps_resnet38_20k_voc2012.py')
