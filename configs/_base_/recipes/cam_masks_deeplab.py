# From tags to a segmentation model without a refinement network: any classifier -> CAMs -> masks of them -> DeepLab.
_base_ = ['./classifier.py', './deeplab.py']
stages = [
    *_base_.classifier_stages,
    dict(
        name='pseudo_labels',
        action='predict',
        config='cam_masks',
        options={'test_dataloader.dataset.data_prefix.cams': '{cams}/cams'},
        number='semantic/mIoU'),
    *_base_.deeplab_stages,
]
