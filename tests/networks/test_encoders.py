"""Codes of samples: what is not seen does not count, and order does not."""

import torch

from sirenpde import Codes, ConvolutionalEncoder, SetEncoder

GENERATOR = torch.Generator().manual_seed(0)


def test_a_set_is_its_seen_pixels():
    encoder = SetEncoder(16, 3).build(8, 3, GENERATOR)
    picture = torch.rand(2, 4, 5, 3, dtype=torch.float64, generator=GENERATOR)
    seen = (torch.rand(2, 4, 5, generator=GENERATOR) < 0.4).double()
    code = encoder({"context": picture, "seen": seen})
    blind = encoder({"context": picture * seen[..., None], "seen": seen})
    assert torch.allclose(code, blind, rtol=1e-12)  # what stands at other pixels does not matter
    rows, columns = torch.meshgrid(
        torch.linspace(-1, 1, 4, dtype=torch.float64),
        torch.linspace(-1, 1, 5, dtype=torch.float64),
        indexing="ij",
    )
    for i in range(2):
        one = seen[i] > 0
        h = torch.cat([rows[one][:, None], columns[one][:, None], picture[i][one]], dim=1)
        for layer in encoder.layers:
            h = torch.sin(30 * layer(h))
        assert torch.allclose(code[i], h.mean(0), rtol=1e-10)


def test_nothing_seen_has_a_code():
    encoder = SetEncoder(16, 3).build(8, 1, GENERATOR)
    data = {"context": torch.zeros(1, 2, 2, 1, dtype=torch.float64), "seen": torch.zeros(1, 2, 2)}
    assert encoder(data).tolist() == [[0.0] * 8]


def test_convolutions_give_a_code_for_each_picture():
    encoder = ConvolutionalEncoder((6, 5), channels=8, blocks=1).build(4, 3, GENERATOR)
    pictures = torch.rand(3, 6, 5, 3, dtype=torch.float64, generator=GENERATOR)
    codes = encoder({"context": pictures})
    assert codes.shape == (3, 4) and torch.allclose(
        codes[1:2], encoder({"context": pictures[1:2]}), rtol=1e-10
    )
    sizes = [tuple(p.shape) for p in encoder.parameters() if p.dim() == 4]
    assert sizes == [(4, 3, 3, 3), (8, 4, 3, 3), (8, 8, 5, 5), (8, 8, 5, 5), (4, 8, 1, 1)]


def test_codes_are_looked_up_and_trained():
    table = Codes(5).build(3, 1, GENERATOR)
    codes = table({"number": torch.tensor([4.0, 0.0])})
    codes.sum().backward()
    assert torch.equal(codes, table.table[[4, 0]]) and table.table.grad.sum(1).tolist() == [3, 0, 0, 0, 3]
