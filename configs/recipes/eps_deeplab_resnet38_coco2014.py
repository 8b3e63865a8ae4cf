# EPS on COCO 2014 with its settings for it, its CAMs at background .20, then DeepLab V2.
_base_ = ['./eps_deeplab_resnet38_voc2012.py', '../_base_/recipes/coco2014.py']
configs = dict(cam='configs/eps/eps_resnet38_256k_coco2014.py')
options = dict(deeplab=_base_.deeplab_of_coco)
