# From tags to a detector: classifier -> CAMs -> inter-pixel labels -> IRNet -> pseudo labels -> Mask R-CNN.
# Recipes inherit this list and name their data set, configs, options and expected numbers; the two ablation stages leave out
# displacement, and boundary too (the rows of the paper's ablation).
_base_ = './classifier.py'
read_cams = {'test_dataloader.dataset.data_prefix.cams': '{cams}/cams'}
pseudo_labels = dict(
    action='predict', config='irnet', checkpoint='irnet', options=read_cams, number='voc/AP50')
stages = [
    *_base_.classifier_stages,
    dict(
        name='inter_pixel_labels',
        action='predict',
        config='inter_pixel_labels',
        options=read_cams,
        number='sure_label/fg_precision'),
    dict(
        name='irnet',
        action='train',
        config='irnet',
        options={
            'train_dataloader.dataset.data_prefix.inter_pixel_labels': '{inter_pixel_labels}/inter_pixel_labels'
        }),
    dict(
        pseudo_labels,
        name='pseudo_labels_cam',
        options={**read_cams, 'model.test_cfg.boundary': False, 'model.test_cfg.displacement': False}),
    dict(pseudo_labels, name='pseudo_labels_boundary', options={**read_cams, 'model.test_cfg.displacement': False}),
    dict(pseudo_labels, name='pseudo_labels'),
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
