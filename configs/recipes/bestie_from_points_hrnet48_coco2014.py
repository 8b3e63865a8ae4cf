# BESTIE on HRNet-W48 on COCO 2014, from given points.
_base_ = ['./bestie_from_points_hrnet48_voc2012.py', '../_base_/recipes/coco2014.py']
options = dict(deeplab=_base_.deeplab_of_coco, **_base_.detector_of_coco)
