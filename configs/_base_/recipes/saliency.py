# Classical saliency maps for EPS: recipes put `saliency_stage`, with the photos to read, before their stages, and the option
# `learn_from_saliency` to the classifier. For maps of a model leave both out (configs/eps/README.md).
saliency_stage = dict(name='saliency', action='tool', tool='dataset_converters/make_saliency.py')
saliency_arguments = ['--photos', '.', '--out', '{work_dir}/saliency/maps']  # after the folder of the photos
learn_from_saliency = {'train_dataloader.dataset.data_prefix.saliency': '{saliency}/maps'}
