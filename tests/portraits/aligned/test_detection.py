"""A detector that learnt from photographs takes these portraits for faces."""

import math

import dlib
import numpy as np
import pytest

from styleclip_lib.portraits.aligned.drawing.many import render_many
from styleclip_lib.portraits.aligned.drawing.view import YAW_MAX
from styleclip_lib.portraits.aligned.world.factors import sample


@pytest.mark.slow
def test_dlib_finds_nine_in_ten_frontal_faces():
    people = sample(240, seed=11)
    people = people[((people.yaw * YAW_MAX).abs() < math.radians(15)).nonzero()[:60, 0]]
    detector = dlib.get_frontal_face_detector()
    found = [len(detector(np.ascontiguousarray(picture))) > 0 for picture in render_many(people, 256, progress=False).numpy()]
    assert len(found) == 60 and np.mean(found) >= 0.9
