# IRNet's chain on COCO 2014, then DeepLab V2.
_base_ = ['./irnet_deeplab_r50_voc2012.py', '../_base_/recipes/coco2014.py']
options = dict(deeplab=_base_.deeplab_of_coco)
