"""A processor's stages in one process, batch after batch, tokenisation included: what Kafka is measured against.

Prints records a second. `python -m bench.raw_model embed 64 10`: processor, batch size, seconds.
"""

import os
import sys

from bench.device import BATCHES, run_raw
from processors.catalogue import find
from processors.contract import DeviceSettings
from processors.host.link import DEFAULT_ENVIRONMENT
from processors.loading import load_processor

WARM_SECONDS = 1.0


def main() -> None:
    """Measures one processor."""
    name, size, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    os.environ.update(DEFAULT_ENVIRONMENT | os.environ)
    declaration = find(name)
    processor = load_processor(declaration.implementation)(DeviceSettings())
    processor.load()
    processor.warm()
    batches = BATCHES[name](size)
    run_raw(declaration, processor, batches, WARM_SECONDS)
    print(run_raw(declaration, processor, batches, seconds))


if __name__ == "__main__":
    main()
