"""A checkpoint belongs to its problem and its stages; another is refused with the difference."""

import pytest
from decays import decay, error, fit

from sirenpde import (
    LBFGS,
    Adam,
    Box,
    Field,
    GaussNewton,
    LeastSquares,
    Problem,
    SineFeatures,
    Siren,
    Unknown,
    on,
    solve,
)

OTHERS = {
    "value": (lambda: fit(5.0), "constraint 'fit', its values differ"),
    "points": (lambda: fit(1.0, places=(0.2, 0.5, 0.81)), "constraint 'fit', its points differ"),
    "weight": (lambda: fit(1.0, weight=2.0), "constraint 'fit', weight: 1.0 there, 2.0 here"),
    "name": (lambda: fit(1.0, name="other"), "constraint 'fit' is there only"),
    "network": (lambda: fit(1.0, network=Siren(9, 2, omega=3)), "width=8.* there, .*width=9.* here"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_checkpoint_of_another_problem_is_refused_with_the_difference(other):
    stages = [Adam(steps=3)]
    make, message = OTHERS[other]
    snapshot = solve(fit(1.0), stages).snapshot()
    assert solve(fit(1.0), stages, resume=snapshot).status in ("solved", "rough")  # declared anew, the same
    with pytest.raises(ValueError, match=message):
        solve(make(), None if other == "network" else stages, resume=snapshot)


def test_bounds_boxes_and_fields_are_compared_too():
    def of(high=1.0, low=0.0, shape=(), periodic=False):
        box = Box(t=(0, high))
        u, c = (
            Field("u", box, Siren(4, 1), shape=shape, periodic=box.axes if periodic else ()),
            Unknown("c", 1.0, low),
        )
        return Problem(on(box, 20, name="one")(lambda p: c(p) * u(p) - 1))

    snapshot = solve(of(), [Adam(steps=2)]).snapshot()
    for problem, words in (
        (of(high=2.0), r"t in \(0.0, 1.0\) there, t in \(0.0, 2.0\) here"),
        (of(low=-1.0), "unknown number 'c', low: 0.0 there, -1.0 here"),
        (of(shape=(2,)), r"field 'u', shape: \(\) there, \(2,\) here"),
        (of(periodic=True), "periodic along"),
    ):
        with pytest.raises(ValueError, match=words):
            solve(problem, [Adam(steps=2)], resume=snapshot)


def test_other_stages_begin_from_the_fields_found_or_are_refused():
    first = solve(decay(Siren(8, 2, 3.0, 1.0)), [Adam(steps=150, lr=1e-2)])
    again = solve(decay(Siren(8, 2, 3.0, 1.0)), [GaussNewton(steps=15)], resume=first)
    assert [stage.name for stage in again.stages] == ["Adam", "Gauss-Newton"]
    assert again.history[len(first.history)].loss < 3 * first.history[-1].loss
    assert error(again) < 0.1 * error(first)
    with pytest.raises(ValueError, match=r"made with other stages or networks: .*Adam"):
        solve(decay(Siren(8, 2, 3.0, 1.0)), resume=first)
    with pytest.raises(ValueError, match=r"'u' has the network Siren.*expected SineFeatures"):
        solve(decay(Siren(8, 2, 3.0, 1.0)), [LeastSquares()], network=SineFeatures(), resume=first)


def test_stages_may_follow_a_search_for_features():
    first = solve(decay(), [LeastSquares()], tolerance=1e-3)
    again = solve(decay(), [LBFGS(steps=3)], resume=first)
    assert again.parameters == first.parameters and again.relative_residual <= first.relative_residual


def test_what_is_no_checkpoint_gets_one_paragraph():
    problem, stages = fit(1.0), [Adam(steps=3)]
    good = solve(problem, stages).snapshot()
    wrong = [
        {**good, "theta": good["theta"][:-1]},
        {**good, "records": [{"name": 1}]},
        {**good, "dtype": "torch.int8"},
        {key: value for key, value in good.items() if key != "networks"},
        {**good, "recipes": {"u": {"name": "Nothing"}}},
        {**good, "waiting": None},
    ]
    for snapshot in wrong:
        with pytest.raises(ValueError, match=r"The checkpoint is damaged \(.*Take another"):
            solve(problem, stages, resume=snapshot)
    for nothing in ({}, "checkpoint.pt", {"format": "sirenpde checkpoint 3"}):
        with pytest.raises(ValueError, match="to resume; expected a checkpoint in the format"):
            solve(problem, stages, resume=nothing)


def test_a_checkpoint_of_an_earlier_format_is_refused_with_both_formats_and_a_remedy():
    """What a run held when one number told where it was, and all stages had one dictionary."""
    problem, stages = fit(1.0), [Adam(steps=3)]
    now = solve(problem, stages).snapshot()
    new = ("rung", "stage", "sampling", "paused", "memory", "format")
    before = {key: value for key, value in now.items() if key not in new}
    before |= {"format": "sirenpde checkpoint 5", "stage_index": 1, "left": [], "memory": {}}
    with pytest.raises(ValueError) as refused:
        solve(problem, stages, resume=before)
    assert str(refused.value).startswith("solve was given 'sirenpde checkpoint 5' to resume; expected")
    assert f"format '{now['format']}'" in str(refused.value) and "or solve the problem again" in str(
        refused.value
    )


def test_memories_of_another_stage_are_damage():
    problem, kept = fit(1.0), []
    solve(problem, [Adam(steps=3)], progress=lambda p: kept.append(p.snapshot()))
    assert set(kept[0]["memory"]) == {"m", "v", "average", "iterate"}
    wrong = {**kept[0], "memory": {"m": kept[0]["memory"]["m"]}}
    with pytest.raises(ValueError, match=r"damaged \(ValueError: Memory was given .*'m'.*expected .*'v'"):
        solve(problem, [Adam(steps=3)], resume=wrong)
