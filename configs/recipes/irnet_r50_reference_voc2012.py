# The chain of the IRNet paper on VOC 2012 as in the official code: inter-pixel labels are mined from CAMs at full
# size, the random walk has those of stride 4, images are resized by PIL and padded for IRNet (see the reference configs).
# irnet_r50_voc2012.py needs a sixteenth of the disk space.
_base_ = './irnet_r50_voc2012.py'
configs = dict(
    cam='configs/cam/cam_r50_reference_voc2012.py',
    cams='configs/cam/cam_r50_reference_two-sizes_voc2012.py',
    inter_pixel_labels='configs/irnet/inter-pixel-labels_reference_voc2012.py',
    irnet='configs/irnet/irnet_r50_reference_voc2012.py')
stages = [dict(stage, config='cams') if stage.name == 'cams' else stage for stage in _base_.stages]
options = dict(inter_pixel_labels={'test_dataloader.dataset.data_prefix.cams': '{cams}/full_size_cams'})
