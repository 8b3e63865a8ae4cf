# SEAM + PPC on COCO 2014, refined by IRNet, then DeepLab V1 on ResNet-38.
_base_ = ['./ppc_seam_irnet_deeplab_resnet38_voc2012.py', '../_base_/recipes/coco2014.py']
options = dict(deeplab=_base_.deeplab_of_coco)
