# Photos of your own in VOC layout: EPS + PPC, refined by IRNet, then a light DeepLab V3+. Classical saliency maps are made
# first; for those of a model leave the stage and its option out, and name their folder by WSIS_SALIENCY.
_base_ = './irnet_deeplab_mobilenet-v2_voc-layout.py'
configs = dict(cam='configs/ppc/ppc-eps_mobilenet-v2_5e_voc-layout.py')
stages = [
    dict(
        name='saliency',
        action='tool',
        tool='dataset_converters/make_saliency.py',
        arguments=['{{$WSIS_DATA_ROOT:data/voc_layout/}}', '--out', '{work_dir}/saliency/maps'],
        reads=['{{$WSIS_DATA_ROOT:data/voc_layout/}}/JPEGImages']),
    *_base_.stages,
]
options = dict(classifier={'train_dataloader.dataset.data_prefix.saliency': '{saliency}/maps'})
