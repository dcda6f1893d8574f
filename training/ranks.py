"""One training on several processes, one for each graphics card, as torchrun starts them.

Each process takes its share of every batch. Costs, gradients and the statistics of batch norm
are those of the whole batch, so a training is the same on any number of processes, but for
rounding.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

LONGEST_WAIT = timedelta(hours=12)  # for the first process, which decodes all frames
LAST_WORDS_SECONDS = 10.0
T = TypeVar("T")


class AnotherLeft(Exception):
    """Another process of the training ends it, and says why."""


@dataclass(frozen=True)
class Ranks:
    """This process's number, from 0, and how many there are. The first one writes files."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes files and tells how far the training is."""
        return self.rank == 0

    def share(self, items: Sequence[T]) -> Sequence[T]:
        """Of what all processes do together, this one's part, which may be nothing."""
        return items[self.rank :: self.count]

    def add(self, values: Tensor) -> None:
        """Make ``values`` the sum over all processes, in place."""
        if self.count > 1:
            dist.all_reduce(values)

    def add_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Make each gradient the sum over all processes."""
        if self.count == 1:
            return
        gradients = [value.grad for value in parameters if value.grad is not None]
        joined = torch.cat([gradient.reshape(-1) for gradient in gradients])
        dist.all_reduce(joined)
        parts = torch.split(joined, [gradient.numel() for gradient in gradients])
        for gradient, summed in zip(gradients, parts, strict=True):
            gradient.copy_(summed.view(gradient.shape))

    def together(self, own: Mapping[int, T]) -> list[T]:
        """What all processes have, by its number from 0 on."""
        parts: list[Any] = [own]
        if self.count > 1:
            parts = [None] * self.count
            dist.all_gather_object(parts, own)
        everything = {number: item for part in parts for number, item in part.items()}
        return [everything[number] for number in sorted(everything)]

    @contextlib.contextmanager
    def leaving_together(self, device: torch.device) -> Iterator[None]:
        """What the block raises in one process ends it in all of them.

        In the others it is AnotherLeft. Whoever left alone would have the others wait for ever.
        """
        if self.count == 1:
            yield
            return
        problem: Exception | None = None
        try:
            yield
        except Exception as raised:
            problem = raised
        left = torch.tensor(float(problem is not None), device=device)
        dist.all_reduce(left)
        if problem is not None:
            raise problem
        if left.item():
            raise AnotherLeft

    @contextlib.contextmanager
    def first_before_others(self, device: torch.device) -> Iterator[None]:
        """The block is done by the first process, and then by the others."""
        if self.first:
            with self.leaving_together(device):
                yield
        else:
            with self.leaving_together(device):
                pass
            yield


ALONE = Ranks()


def count_here() -> int:
    """How many processes the environment says that there are, as torchrun sets it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


@contextlib.contextmanager
def joined(device: torch.device) -> Iterator[Ranks]:
    """This process among those of the environment; alone where it names none."""
    if count_here() == 1:
        yield ALONE
        return
    if device.type == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    backend = "nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, timeout=LONGEST_WAIT)
    try:
        yield Ranks(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()


@contextlib.contextmanager
def helped(count: int, command: Sequence[str]) -> Iterator[None]:
    """Be the first of ``count`` processes in the block, the others doing ``command``.

    With a count of 1 nothing changes: this may itself be one of several. The others are in
    this process's group. Where one of them fails, this process ends as well, since it might
    wait for that one for ever.
    """
    if count == 1:
        yield
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    told = {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count)}
    told |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    over = threading.Event()
    others = []
    try:
        for rank in map(str, range(1, count)):
            env = {**os.environ, **told, "RANK": rank, "LOCAL_RANK": rank}
            others.append(subprocess.Popen(command, env=env))
            threading.Thread(target=_end_with, args=(others[-1], over), daemon=True).start()
        os.environ.update({**told, "RANK": "0", "LOCAL_RANK": "0"})
        yield
    finally:
        over.set()
        for other in others:
            other.terminate()
            other.wait()
        for name in (*told, "RANK", "LOCAL_RANK"):
            os.environ.pop(name, None)


def _end_with(other: subprocess.Popen[bytes], over: threading.Event) -> None:
    if other.wait() and not over.wait(LAST_WORDS_SECONDS):
        os._exit(1)


class _Sum(torch.autograd.Function):
    """The sum over all processes, and of its gradients."""

    @staticmethod
    def forward(_: Any, values: Tensor) -> Tensor:
        summed = values.clone()
        dist.all_reduce(summed)
        return summed

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> Tensor:
        summed = gradient.clone()
        dist.all_reduce(summed)
        return summed


class SharedNorm(nn.BatchNorm2d):
    """Batch norm over the whole batch, of which this process has a part that may be empty.

    torch's own SyncBatchNorm knows graphics cards only.
    """

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        assert self.running_mean is not None and self.running_var is not None
        assert self.num_batches_tracked is not None and self.momentum is not None
        features = x.shape[1]
        values = x.float()  # (N, F, h, w)
        count = values.new_tensor([values.numel() / features])
        sums = torch.cat([values.sum((0, 2, 3)), values.square().sum((0, 2, 3)), count])
        sums = _Sum.apply(sums)  # type: ignore[no-untyped-call]
        mean, square = (sums[:-1] / sums[-1]).split(features)
        variance = (square - mean.square()).clamp_min(0)
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            unbiased = variance * (sums[-1] / (sums[-1] - 1))
            self.running_var.lerp_(unbiased, self.momentum)
        gain = self.weight * torch.rsqrt(variance + self.eps)
        shift = self.bias - mean * gain
        normed: Tensor = values * gain[:, None, None] + shift[:, None, None]
        return normed.to(x.dtype)


def share_norms(network: nn.Module) -> None:
    """Let every batch norm of a network look at the whole batch, in place."""
    for module in network.modules():
        for name, norm in list(module.named_children()):
            if type(norm) is nn.BatchNorm2d:
                assert norm.momentum is not None
                shared = SharedNorm(norm.num_features, norm.eps, norm.momentum)
                shared.load_state_dict(norm.state_dict())
                setattr(module, name, shared.to(norm.weight.device))
