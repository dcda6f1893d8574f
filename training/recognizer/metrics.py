"""How right the reading is. Pairs are (true text, read text)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

Pair = tuple[str, str]


def exact(pairs: Sequence[Pair]) -> float:
    """Share of texts read exactly, 0..1; 0 for none. Case matters."""
    return sum(truth == read for truth, read in pairs) / len(pairs) if pairs else 0.0


def character_accuracy(pairs: Sequence[Pair]) -> float:
    """1 - edit distance / length, both summed over all pairs; never below 0. 0 for none."""
    length = sum(len(truth) for truth, _ in pairs)
    if not length:
        return 0.0
    return max(0.0, 1 - sum(edit_distance(truth, read) for truth, read in pairs) / length)


def edit_distance(truth: str, read: str) -> int:
    """Fewest insertions, deletions and substitutions from one to the other."""
    return _table(truth, read)[-1][-1]


def confusions(pairs: Sequence[Pair]) -> Counter[Pair]:
    """How often a character was read as another; "" stands for a missed or an invented one."""
    counted: Counter[Pair] = Counter()
    for truth, read in pairs:
        counted.update((a, b) for a, b in align(truth, read) if a != b)
    return counted


def align(truth: str, read: str) -> list[Pair]:
    """A cheapest alignment, character by character, "" on the side that has none."""
    table = _table(truth, read)
    i, j = len(truth), len(read)
    pairs: list[Pair] = []
    while i or j:
        if i and j and table[i][j] == table[i - 1][j - 1] + (truth[i - 1] != read[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((truth[i], read[j]))
        elif i and table[i][j] == table[i - 1][j] + 1:
            i -= 1
            pairs.append((truth[i], ""))
        else:
            j -= 1
            pairs.append(("", read[j]))
    return pairs[::-1]


def _table(truth: str, read: str) -> list[list[int]]:
    """Row i, column j: edit distance of the first i and the first j characters."""
    table = [list(range(len(read) + 1))]
    for i, a in enumerate(truth, start=1):
        row = [i]
        for j, b in enumerate(read, start=1):
            row.append(min(table[-1][j] + 1, row[-1] + 1, table[-1][j - 1] + (a != b)))
        table.append(row)
    return table
