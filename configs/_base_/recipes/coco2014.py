# Changes of a VOC 2012 recipe for COCO 2014: `_base_ = ['./NAME_voc2012.py', '../_base_/recipes/coco2014.py']`. All stages
# read `data`. All settings but those below are those of VOC 2012.
data = 'configs/_base_/datasets/coco2014.py'
# DeepLab has the settings of kazuto1011/deeplab-pytorch for COCO-Stuff; detectors are measured as in COCO, with crowds and
# the areas of masks
deeplab_of_coco = {'iterations': 100000}
truth_of_coco = 'data/coco/annotations/instances_val2014.json'
detector_of_coco = dict(
    mask_rcnn={'val_evaluator.1.ann_file': truth_of_coco}, evaluation={'test_evaluator.1.ann_file': truth_of_coco})
