"""Which pairs of a label and a model to judge, where judging all of them would take too long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Pair = tuple[str, str]


def choose_pairs(labels: Mapping[str, int], models: Mapping[str, int], most: int) -> list[Pair]:
    """The `most` pairs of a highlight label and a passage model that matter most.

    `labels` and `models` give a number of vectors for each. First come labels that both sides
    carry, those of most vectors before others; then labels that no passage carries, as these may
    be of any model; then all others. In the order of `labels` and, within one, of `models`.
    """
    if len(labels) * len(models) <= most:
        return [(label, model) for label in labels for model in models]
    # Of so many on either side no more can be in a pair that is chosen.
    pairs = [(label, label) for label in labels if label in models]
    largest = sorted(models, key=lambda model: -models[model])[:most]
    for kind in (False, True):
        mine = [label for label in labels if (label in models) == kind]
        mine = sorted(mine, key=lambda label: -labels[label])[:most]
        pairs += [(label, model) for label in mine for model in largest if label != model]

    def worth(pair: Pair) -> tuple[int, int, int]:
        label, model = pair
        kind = 0 if label == model else 2 if label in models else 1
        return kind, -models[model], -labels[label]

    place_of = {name: place for place, name in enumerate(labels)}
    column_of = {name: place for place, name in enumerate(models)}
    chosen = sorted(pairs, key=worth)[:most]
    return sorted(chosen, key=lambda pair: (place_of[pair[0]], column_of[pair[1]]))


def paired(
    pairs: Sequence[Pair], labels: Mapping[str, int], models: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, int]]:
    """The labels and the models that are in any of the pairs, in their order."""
    heard, written = {label for label, _ in pairs}, {model for _, model in pairs}
    return (
        {label: count for label, count in labels.items() if label in heard},
        {model: count for model, count in models.items() if model in written},
    )
