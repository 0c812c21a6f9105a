"""Brings the embedded servers back when they die; one of the processes of `make run`."""

import logging
import time

from analytics import servers

LOOK_EVERY = 2.0  # seconds

log = logging.getLogger(__name__)


def main() -> None:
    while True:
        try:
            servers.ensure_running()
        except (RuntimeError, OSError) as error:
            log.warning("the embedded servers could not be started, trying again: %s", error)
        time.sleep(LOOK_EVERY)


if __name__ == "__main__":
    main()
