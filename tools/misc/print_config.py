"""Print a config with its bases and options merged: `python tools/misc/print_config.py CONFIG`."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  it makes projects.wsis importable

from projects.wsis.apis.config_options import ConfigOptionsAction  # noqa: E402
from projects.wsis.apis.configs import load_config  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402


def main() -> None:
    """Print the config, or save it with --out."""
    parser = argparse.ArgumentParser(description='Print the whole config')
    parser.add_argument('config', help='config file')
    parser.add_argument('--data', help="data set file to use instead of the config's own")
    parser.add_argument('--out', help='also save it to this .py, .json or .yml file')
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptionsAction, help='override settings: key=value')
    arguments = parser.parse_args()
    with report_errors():
        cfg = load_config(arguments.config, arguments.cfg_options, data=arguments.data)
        print(cfg.pretty_text)
        if arguments.out:
            cfg.dump(arguments.out)


if __name__ == '__main__':
    main()
