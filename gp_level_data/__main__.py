"""`gpld`, or `python -m gp_level_data`."""

import sys

from gp_level_data.command_line import main

if __name__ == "__main__":
    sys.exit(main())
