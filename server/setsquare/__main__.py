"""``python -m setsquare``."""

import gc
import sys

from setsquare.cli.main import main as run


def main() -> None:
    """Run the command line and exit with its status."""
    if sys.argv[1:2] != ["lsp"]:
        gc.disable()  # a command ends before looking for cycles pays, which costs it half of its time
    status = run()
    gc.freeze()  # else Python looks through all that is left, to throw it away, before it ends
    sys.exit(status)


if __name__ == "__main__":
    main()
