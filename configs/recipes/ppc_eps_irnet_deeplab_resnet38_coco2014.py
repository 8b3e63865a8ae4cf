# EPS + PPC on COCO 2014 with EPS's settings for it, refined by IRNet, then DeepLab V1 on ResNet-38.
_base_ = './ppc_seam_irnet_deeplab_resnet38_coco2014.py'
configs = dict(cam='configs/ppc/ppc-eps_resnet38_256k_coco2014.py')
