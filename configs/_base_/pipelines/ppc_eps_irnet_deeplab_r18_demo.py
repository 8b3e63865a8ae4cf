# The embedded demo: classical saliency maps, EPS + PPC, refined by IRNet, then DeepLab V2.
_base_ = './irnet_deeplab_r18_demo.py'
configs = dict(cam='configs/ppc/ppc-eps_r18_36e_demo.py')
stages = [
    dict(
        name='saliency',
        action='tool',
        tool='dataset_converters/make_saliency.py',
        arguments=['{{$WSIS_DEMO_ROOT:data/demo/}}', '--out', '{work_dir}/saliency/maps'],
        reads=['{{$WSIS_DEMO_ROOT:data/demo/}}/JPEGImages']),
    *_base_.stages,
]
options = dict(classifier={'train_dataloader.dataset.data_prefix.saliency': '{saliency}/maps'})
