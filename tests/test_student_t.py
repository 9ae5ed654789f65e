import pytest
from scipy import stats

from tl_core.student_t import quantile, within


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 6, 9, 20, 41])
def test_agrees_with_scipy(freedom):
    for t in (0.0, 0.3, 1.0, 2.5, 12.0):
        assert within(t, freedom) == pytest.approx(1 - 2 * stats.t.sf(t, freedom), abs=1e-12)
    for share in (0.5, 0.95, 0.9833, 0.995):
        assert quantile(share, freedom) == pytest.approx(stats.t.ppf((1 + share) / 2, freedom), rel=1e-9)
