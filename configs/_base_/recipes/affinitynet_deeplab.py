# From tags to a segmentation model: any classifier -> CAMs -> AffinityNet's labels -> AffinityNet -> pseudo masks -> DeepLab.
_base_ = ['./classifier.py', './deeplab.py']
stages = [
    *_base_.classifier_stages,
    dict(
        name='affinity_labels',
        action='predict',
        config='affinity_labels',
        options={'test_dataloader.dataset.data_prefix.cams': '{cams}/cams'},
        number='sure_label/fg_precision'),
    dict(
        name='affinitynet',
        action='train',
        config='affinitynet',
        options={
            'train_dataloader.dataset.data_prefix.inter_pixel_labels': '{affinity_labels}/inter_pixel_labels'
        }),
    dict(
        name='pseudo_labels',
        action='predict',
        config='affinitynet',
        checkpoint='affinitynet',
        options={'test_dataloader.dataset.data_prefix.cams': '{cams}/cams'},
        number='semantic/mIoU'),
    *_base_.deeplab_stages,
]
