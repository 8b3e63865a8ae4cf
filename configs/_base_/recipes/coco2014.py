# What a recipe of VOC 2012 changes for COCO 2014: `_base_ = ['./NAME_voc2012.py', '../_base_/recipes/coco2014.py']`. All stages
# read `data`; the settings of VOC 2012 stay but for those that are named here.
data = 'configs/_base_/datasets/coco2014.py'
# DeepLab as kazuto1011/deeplab-pytorch has it for COCO-Stuff; detectors are measured as COCO does, with crowds and areas of masks
deeplab_of_coco = {'iterations': 100000}
truth_of_coco = 'data/coco/annotations/instances_val2014.json'
detector_of_coco = dict(
    mask_rcnn={'val_evaluator.1.ann_file': truth_of_coco}, evaluation={'test_evaluator.1.ann_file': truth_of_coco})
