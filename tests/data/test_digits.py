import numpy as np

from tl_core.data.digits import _load


def test_they_are_those_of_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    images, labels = _load()
    theirs = load_digits()
    assert images.shape == (1797, 8, 8, 3)
    assert np.array_equal(images[..., 1], (theirs.images * (255 / 16)).round().astype(np.uint8))
    assert np.array_equal(labels, theirs.target)
