# The demo set: nothing is pretrained, so IRNet and the detector start from the classifier's backbone.
_base_ = ['../_base_/recipes/irnet_ablation.py', '../_base_/recipes/from_classifier.py', '../_base_/datasets/demo.py']
configs = dict(
    cam='configs/cam/cam_r18_36e_demo.py',
    inter_pixel_labels='configs/irnet/inter-pixel-labels_demo.py',
    irnet='configs/irnet/irnet_r18_20e_demo.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_r18_6e_demo.py')
options = dict(
    irnet=_base_.from_classifier,
    # not validated at the end of its 6 epochs, since `evaluation` does the same
    mask_rcnn={
        **_base_.from_classifier, 'train_cfg.val_begin': 7
    })
# measured with seed 0 on two CPU cores
expected = dict(
    classifier=85.5,
    cams=46.8,
    inter_pixel_labels=88.3,
    pseudo_labels_cam=26.4,
    pseudo_labels_boundary=57.2,
    pseudo_labels=62.7,
    evaluation=77.5)
