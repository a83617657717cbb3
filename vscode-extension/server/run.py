"""Starts the server that is packaged beside this file, with the libraries for the Python that runs it."""  # noqa: INP001 - a script

import os
import sys

_LIBRARIES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libraries")
sys.path[:0] = [
    os.path.join(_LIBRARIES, f"cp{sys.version_info.major}{sys.version_info.minor}"),
    os.path.join(_LIBRARIES, "common"),
]

from setsquare.__main__ import main  # noqa: E402 - found only now

sys.exit(main())
