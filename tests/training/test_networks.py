"""The networks are as large as they are said to be."""

from __future__ import annotations

from typing import Any

import pytest

from training.networks import compact
from training.recipes import RECIPES, recipe_of

MOST_GFLOPS = 0.5  # for all three attributes together, multiply and add counted as two


@pytest.mark.parametrize(
    ("recipe", "parameters"), [("seed-age", 422_695), ("seed-gender", 1_567_874), ("seed-mood", 683_267)]
)
def test_the_first_designs_networks_have_their_parameters(recipe: str, parameters: int) -> None:
    assert built(recipe).count_params() == parameters


def built(recipe: str) -> Any:
    return recipe_of(recipe).build()


def test_the_three_serving_networks_together_stay_small() -> None:
    gflops = sum(operations(built(recipe)) * looks(recipe) for recipe in ("age-gender", "mood")) / 1e9
    assert 0.1 < gflops < MOST_GFLOPS


def looks(recipe: str) -> int:
    return 2 if recipe_of(recipe).mirrored else 1


def operations(network: Any) -> float:
    """Multiplications and additions of the convolutions and dense layers, counted apart."""
    total = 0.0
    for layer in network.layers:
        if hasattr(layer, "kernel"):
            height, width = layer.output.shape[1:3] if len(layer.output.shape) == 4 else (1, 1)
            total += 2 * float(height * width * layer.kernel.shape.num_elements())
    return total


def test_a_network_says_how_sure_it_is_as_shares_of_one() -> None:
    import numpy as np

    outputs = compact(32, 3, {"age": 5, "gender": 2})(np.random.default_rng(0).random((2, 32, 32, 3), np.float32))
    softmax = np.asarray(outputs["age"])
    assert softmax.shape == (2, 5) and outputs["gender"].shape == (2, 2)
    np.testing.assert_allclose(softmax.sum(axis=1), 1, atol=1e-5)


def test_every_recipe_says_what_it_takes_and_what_to_expect() -> None:
    assert all(recipe.takes and recipe.expect for recipe in RECIPES.values())
    with pytest.raises(ValueError, match="“best” is not a recipe; use one of age-gender-first, "):
        recipe_of("best")
