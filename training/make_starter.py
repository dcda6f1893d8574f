"""Make a network the program comes with where there is no Django: ``manage.py make_starter``.

    python -m training.make_starter detector|recognizer --out DIR

Called again on the same folder it goes on after its last epoch. ``--from`` continues an earlier
starter, when pictures are drawn better than they were.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module
from pathlib import Path

import torch


def main() -> None:
    """Make a starter from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kind", choices=["detector", "recognizer"])
    parser.add_argument("--out", type=Path, required=True, help="a folder; it may hold a start")
    parser.add_argument("--from", dest="start", type=Path, help="a checkpoint to start from")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--count", type=int, help="scenes, or plates an epoch")
    parser.add_argument("--batch", type=int, help="pictures of a step")
    parser.add_argument("--threads", type=int, default=0, help="of torch (default: all cores)")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    begun = time.perf_counter()
    starter = import_module(f"training.{given.kind}.starter")
    settings = starter.config(
        epochs=given.epochs, batch=given.batch, started=given.start is not None
    )
    for epoch in starter.make(settings, given.out, init=given.start, count=given.count):
        told = ", ".join(f"{name} {value:.4f}" for name, value in epoch.metrics.items())
        spent = time.perf_counter() - begun
        sys.stdout.write(f"epoch {epoch.epoch}/{epoch.epochs} {spent:.0f} s: {told}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
