# From tags to a detector: classifier -> CAMs -> inter-pixel labels -> IRNet -> pseudo labels -> Mask R-CNN.
# Recipes inherit this list and name their data set, configs, options and expected numbers.
_base_ = './classifier.py'
read_cams = {'test_dataloader.dataset.data_prefix.cams': '{cams}/cams'}
irnet_stages = [
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
]
pseudo_labels = dict(
    name='pseudo_labels',
    action='predict',
    config='irnet',
    checkpoint='irnet',
    options=read_cams,
    number='voc/AP50')
detector_stages = [
    dict(
        name='mask_rcnn',
        action='train',
        config='mask_rcnn',
        options={'train_dataloader.dataset.ann_file': '{pseudo_labels}/instances.json'}),
    dict(name='evaluation', action='predict', config='mask_rcnn', checkpoint='mask_rcnn', number='voc/AP50'),
]
pictures = dict(
    name='pictures',
    action='tool',
    tool='analysis_tools/contact_sheet.py',
    takes_data=True,
    arguments=[
        '--irnet-config', '@irnet', '--irnet-checkpoint', '{irnet.checkpoint}', '--cams', '{cams}/cams',
        '--pseudo-labels', '{pseudo_labels}', '--detector-config', '@mask_rcnn', '--detector-checkpoint',
        '{mask_rcnn.checkpoint}', '--out', '{work_dir}/pictures/contact_sheet.png'
    ])
stages = [*irnet_stages, pseudo_labels, *detector_stages, pictures]
