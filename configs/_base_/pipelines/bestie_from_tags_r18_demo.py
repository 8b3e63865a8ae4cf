# The embedded demo: nothing is pretrained, so all but the classifiers start from the classifier's backbone.
_base_ = './bestie_from_tags.py'
configs = dict(
    cam='configs/cam/cam_r18_36e_demo.py',
    inter_pixel_labels='configs/irnet/inter-pixel-labels_demo.py',
    irnet='configs/irnet/irnet_r18_20e_demo.py',
    deeplab='configs/deeplab/deeplab-v2_r18_20e_demo.py',
    deeplab_maps='configs/deeplab/deeplab-v2_r18_20e_demo-maps.py',
    pam='configs/pam/pam_r18_36e_demo.py',
    bestie='configs/bestie/bestie_r18_18e_demo.py',
    bestie_labels='configs/bestie/bestie_r18_18e_demo-labels.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_r18_6e_demo.py')
options = dict(
    irnet={'model.backbone.init_cfg.checkpoint': '{classifier.checkpoint}'},
    deeplab={'model.backbone.init_cfg.checkpoint': '{classifier.checkpoint}'},
    bestie={'model.backbone.init_cfg.checkpoint': '{classifier.checkpoint}'},
    mask_rcnn={'model.backbone.init_cfg.checkpoint': '{classifier.checkpoint}'})
