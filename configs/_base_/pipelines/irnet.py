# From tags to a detector: classifier -> CAMs -> inter-pixel labels -> IRNet -> pseudo labels -> Mask R-CNN.
# Pipelines inherit this list and name their configs, options and expected numbers; the two ablation stages leave out
# displacement, and boundary too (the rows of the paper's ablation).
stages = [
    dict(name='classifier', action='train', config='cam', number='multi_label/mAP'),
    dict(name='cams', action='predict', config='cam', checkpoint='classifier', number='seed/mIoU'),
    dict(
        name='inter_pixel_labels',
        action='predict',
        config='inter_pixel_labels',
        options={'test_dataloader.dataset.data_prefix.cams': '{cams}/cams'},
        number='sure_label/fg_precision'),
    dict(
        name='irnet',
        action='train',
        config='irnet',
        options={
            'train_dataloader.dataset.data_prefix.inter_pixel_labels': '{inter_pixel_labels}/inter_pixel_labels'
        }),
    dict(
        name='pseudo_labels_cam',
        action='predict',
        config='irnet',
        checkpoint='irnet',
        options={
            'test_dataloader.dataset.data_prefix.cams': '{cams}/cams',
            'model.test_cfg.boundary': False,
            'model.test_cfg.displacement': False
        },
        number='voc/AP50'),
    dict(
        name='pseudo_labels_boundary',
        action='predict',
        config='irnet',
        checkpoint='irnet',
        options={
            'test_dataloader.dataset.data_prefix.cams': '{cams}/cams',
            'model.test_cfg.displacement': False
        },
        number='voc/AP50'),
    dict(
        name='pseudo_labels',
        action='predict',
        config='irnet',
        checkpoint='irnet',
        options={'test_dataloader.dataset.data_prefix.cams': '{cams}/cams'},
        number='voc/AP50'),
    dict(
        name='mask_rcnn',
        action='train',
        config='mask_rcnn',
        options={'train_dataloader.dataset.ann_file': '{pseudo_labels}/instances.json'}),
    dict(name='evaluation', action='predict', config='mask_rcnn', checkpoint='mask_rcnn', number='voc/AP50'),
    dict(
        name='pictures',
        action='tool',
        tool='analysis_tools/contact_sheet.py',
        takes_data=True,
        arguments=[
            '--irnet-config', '@irnet', '--irnet-checkpoint', '{irnet.checkpoint}', '--cams', '{cams}/cams',
            '--pseudo-labels', '{pseudo_labels}', '--boundary-labels', '{pseudo_labels_boundary}', '--detector-config',
            '@mask_rcnn', '--detector-checkpoint', '{mask_rcnn.checkpoint}', '--out',
            '{work_dir}/pictures/contact_sheet.png'
        ]),
]
