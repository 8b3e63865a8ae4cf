# IRNet's chain on COCO 2014, up to Mask R-CNN.
_base_ = ['./irnet_r50_voc2012.py', '../_base_/recipes/coco2014.py']
options = _base_.detector_of_coco
