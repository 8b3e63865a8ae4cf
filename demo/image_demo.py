"""Run a trained model on new images.

Examples:
    python demo/image_demo.py photos/ work_dirs/my_images --out-dir outputs
    WSIS_ZOO=checkpoints python demo/image_demo.py new.jpg mask-rcnn_r18_6e_demo
    python demo/image_demo.py new.jpg configs/bestie/bestie_r50_50k_voc2012.py --weights bestie.pth
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tools'))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis import WSISInferencer  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.apis.inference.arguments import add_model_arguments, build_inferencer, take_checkpoint  # noqa: E402
from projects.wsis.apis.inference.inputs import check_inputs  # noqa: E402
from projects.wsis.apis.inference.output_folder import check_output_folder  # noqa: E402


def main() -> None:
    """Run the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('inputs', nargs='+', help='images, folders, URLs or videos')
    add_model_arguments(parser)
    parser.add_argument(
        '--out-dir', default='outputs', help='folder to write pictures and predictions to (default: outputs)'
    )
    parser.add_argument(
        '--batch-size',
        type=int,
        default=1,
        help='number of images per batch; only images of equal size share a batch (default: 1)',
    )
    parser.add_argument('--no-save-vis', action='store_true', help='do not write pictures')
    parser.add_argument('--no-save-pred', action='store_true', help='do not write predictions')
    arguments = parser.parse_args()
    take_checkpoint(arguments)
    writes = not (arguments.no_save_vis and arguments.no_save_pred)
    with report_errors():
        inputs = arguments.inputs if len(arguments.inputs) > 1 else arguments.inputs[0]
        check_inputs(inputs)  # before the model is loaded, which takes long
        if writes:
            check_output_folder(arguments.out_dir, inputs)
        inferencer: WSISInferencer = build_inferencer(arguments)
        inferencer(
            inputs,
            batch_size=arguments.batch_size,
            tags=arguments.tags,
            long_side=arguments.long_side,
            out_dir=arguments.out_dir,
            pred_score_thr=arguments.pred_score_thr,
            no_save_vis=arguments.no_save_vis,
            no_save_pred=arguments.no_save_pred,
            show=arguments.show,
        )
        if writes:
            print(f'results: {Path(arguments.out_dir).resolve()}')


if __name__ == '__main__':
    main()
