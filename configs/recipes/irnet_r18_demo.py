# The embedded demo: nothing is pretrained, so IRNet and the detector start from the classifier's backbone.
_base_ = ['../_base_/recipes/irnet_ablation.py', '../_base_/recipes/from_classifier.py', '../_base_/datasets/demo.py']
configs = dict(
    cam='configs/cam/cam_r18_36e_demo.py',
    inter_pixel_labels='configs/irnet/inter-pixel-labels_demo.py',
    irnet='configs/irnet/irnet_r18_20e_demo.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_r18_6e_demo.py')
options = dict(irnet=_base_.from_classifier, mask_rcnn=_base_.from_classifier)
# measured with seed 0 on two CPU cores
expected = dict(
    classifier=86.1,
    cams=47.0,
    inter_pixel_labels=86.3,
    pseudo_labels_cam=27.5,
    pseudo_labels_boundary=56.3,
    pseudo_labels=61.2,
    evaluation=79.0)
