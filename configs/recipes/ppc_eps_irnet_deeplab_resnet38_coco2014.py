# EPS + PPC on COCO 2014, refined by IRNet, then DeepLab V2. Saliency maps are those of a model (configs/eps/README.md).
_base_ = './irnet_deeplab_r50_coco2014.py'
configs = dict(cam='configs/ppc/ppc-eps_resnet38_256k_coco2014.py')
