# SEAM + PPC on COCO 2014, refined by IRNet, then DeepLab V2.
_base_ = './irnet_deeplab_r50_coco2014.py'
configs = dict(cam='configs/ppc/ppc-seam_resnet38_8e_coco2014.py')
