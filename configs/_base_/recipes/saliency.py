# Classical saliency maps for EPS. Recipes put `saliency_stage` before their stages and pass the option `learn_from_saliency`
# to the classifier. `--cfg-options saliency.model=MODEL.onnx` takes maps of a model. Recipes for maps that are there already
# have neither the stage nor that option (configs/eps/README.md).
saliency_stage = dict(
    name='saliency',
    action='tool',
    tool='dataset_converters/make_saliency.py',
    arguments=['{photo_folder}', '--photos', '.', '--out', '{work_dir}/saliency/maps'],
    reads=['{photo_folder}'],
    file_options=['model'])
learn_from_saliency = {'train_dataloader.dataset.data_prefix.saliency': '{saliency}/maps'}
