# Classical saliency maps for EPS. Recipes put `saliency_stage`, with the images to read, before their stages and pass the
# option `learn_from_saliency` to the classifier. `--cfg-options saliency.model=MODEL.onnx` takes maps of a model. Recipes for
# maps that are there already have neither the stage nor that option (configs/eps/README.md).
saliency_stage = dict(
    name='saliency', action='tool', tool='dataset_converters/make_saliency.py', file_options=['model'])
saliency_arguments = ['--photos', '.', '--out', '{work_dir}/saliency/maps']  # follow the folder of the images
learn_from_saliency = {'train_dataloader.dataset.data_prefix.saliency': '{saliency}/maps'}
