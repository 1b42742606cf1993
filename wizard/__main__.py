"""`python -m wizard` and the console script `dbwizard`."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line; the exit status, as the contract has it."""
    from wizard.cli import run

    try:
        status = run(sys.argv[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        # The reader went away (`| head`): nothing more can be said, and nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = 0
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
