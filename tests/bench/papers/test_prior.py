"""Completions of pictures by the normal distribution of others, and the figure of them."""

import numpy as np
import pytest
import torch

from sirenpde import Adam, PictureSet
from sirenpde.bench.papers import prior
from sirenpde.bench.papers.experiment import Form, declared, solved
from sirenpde.bench.papers.prior import NOISE, _completed_by_codes, _pictures, completed
from sirenpde.bench.papers.shown import psnr


def test_a_gaussian_completes_pictures_by_its_conditional_mean():
    random = np.random.default_rng(0)
    mixed = random.random((60, 3)) @ random.random((3, 12)) / 3  # pictures of three numbers each
    train = mixed[:50]
    held = PictureSet(2 * mixed[50:].reshape(10, 2, 2, 3) - 1, context=2)
    found, error = completed(train, held)
    covariance, mean = np.cov(train.T, bias=True), train.mean(0)
    seen = np.repeat(held.data["seen"][0].numpy().reshape(-1) > 0, 3)
    gain = covariance[:, seen] @ np.linalg.inv(covariance[np.ix_(seen, seen)] + NOISE * np.eye(seen.sum()))
    assert np.allclose(found[0], mean + gain @ (mixed[50] - mean)[seen], atol=1e-10)
    assert error < 0.1 * np.mean((mixed[50:] - mean) ** 2)


@pytest.mark.slow
def test_codes_of_others_are_found_with_the_networks_as_they_are(monkeypatch):
    """Of pictures that were learnt, so that there are codes that fit them."""
    monkeypatch.setattr(prior, "CODE_STEPS", 60)
    flags = {
        "encoder": "none",
        "size": 4,
        "pictures": 24,
        "held": 3,
        "width": 8,
        "depth": 1,
        "wide": 16,
        "code": 2,
    }
    problem = declared("image_prior", **flags, batch=16)
    form = Form(True, torch.device("cpu"), 0)
    learnt = solved(form, problem, using=[Adam(steps=60, lr=3e-3)])
    held = PictureSet(_pictures(problem.constraints[0].domain).images[:3])
    context = {"some": held.seeing(5, seed=1), "all": held.seeing(16, seed=1)}
    before = learnt.theta.clone()
    found, told = _completed_by_codes(form, learnt, context)
    assert torch.equal(learnt.theta, before) and found.parameters == 6 * 2
    assert [pictures.first for pictures in told.values()] == [0, 3]
    assert prior._errors(found)["all"] < 1.2 * 10 ** (-psnr(learnt) / 10)


def test_the_figure_has_all_that_was_measured():
    pictures = [np.zeros((4, 4, 3), dtype=int).tolist()] * prior.SHOWN
    curves = {
        "10 % seen": pictures,
        "10 %: SIREN": pictures,
        "10 %: Gaussian": pictures,
        "held out": pictures,
    }
    rows = [{"name": f"prior/{name}", "curves": curves} for name in ("set", "codes")]
    figure = prior.FIGURES["prior"](rows)
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[:5] == ["10 % seen", "set\n10 %", "codes\n10 %", "Gaussian\n10 %", "held out"]
    assert len(titles) == 5 * prior.SHOWN
