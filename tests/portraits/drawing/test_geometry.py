"""The closed forms of the head against slow ones: rays and ellipsoids, projection and its inverse."""

import math

import numpy as np
import pytest
import torch

from styleclip_lib.portraits.drawing.geometry import (
    PITCH_MAX,
    ROLL_MAX,
    YAW_MAX,
    head_center,
    head_radii,
    head_rotation,
    intersect,
    make_view,
    outline,
    project,
)
from styleclip_lib.portraits.world.factors import sample

SIZE = 40


@pytest.fixture(scope="module")
def people():
    return sample(6, seed=2)


@pytest.fixture(scope="module")
def view(people):
    return make_view(people, SIZE)


def slow_rotation(yaw: float, pitch: float) -> np.ndarray:
    """Head -> camera. Positive pitch lifts the face, positive yaw turns it to the viewer's right."""
    a, b = YAW_MAX * yaw, PITCH_MAX * pitch
    lift = np.array([[1, 0, 0], [0, math.cos(b), math.sin(b)], [0, -math.sin(b), math.cos(b)]])
    turn = np.array([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])
    return turn @ lift


def slow_hit(rotation, x, y, center, radii):
    """The nearest point of an ellipsoid on one ray, in the head's own frame stretched to a unit sphere.

    Returns None or (point in head coordinates, normal in the camera's frame, depth).
    """
    into_head = rotation.T
    origin = (into_head @ np.array([x, y, 0.0]) - center) / radii
    direction = into_head @ np.array([0.0, 0.0, 1.0]) / radii
    roots = np.roots([direction @ direction, 2 * origin @ direction, origin @ origin - 1])
    if abs(roots[0].imag) > 1e-9:
        return None
    depth = max(roots.real)
    point = into_head @ np.array([x, y, depth])
    normal = rotation @ ((point - center) / radii**2)
    return point, normal / np.linalg.norm(normal), depth


@pytest.mark.parametrize(
    "center, radii",
    [((0, 0, 0), (0.74, 1.0, 0.84)), ((0.3, -0.4, 0.25), (0.5, 0.2, 0.9)), ((0.0, 0.5, 0.05), (1.2, 0.085, 1.2))],
)
def test_intersect_is_the_nearest_root_of_every_ray(people, view, center, radii):
    hit = intersect(view, center, radii)
    rotations = head_rotation(people).double().numpy()
    compared = 0
    for n in range(len(people)):
        for row in range(0, SIZE, 3):
            for col in range(SIZE):
                x, y = view.x[n, row, col].item(), view.y[n, row, col].item()
                found = slow_hit(rotations[n], x, y, np.array(center), np.array(radii))
                alpha = hit.alpha[n, row, col].item()
                if found is None:
                    assert alpha <= 0.51
                    continue
                assert alpha >= 0.49
                point, normal, depth = found
                if normal[2] < 0.05:  # the ray only touches: single precision says little
                    continue
                compared += 1
                ours = [v[n, row, col].item() for v in (hit.x, hit.y, hit.z, hit.depth)]
                np.testing.assert_allclose(ours, [*point, depth], atol=2e-3)
                np.testing.assert_allclose([v[n, row, col].item() for v in hit.normal], normal, atol=5e-3)
    assert compared > 20


def test_the_covered_area_is_that_of_the_ellipsoids_shadow(people):
    """The shadow of p^T A p = 1 along z is an ellipse whose inverse matrix is the upper left block of A^-1."""
    view = make_view(people, 128)
    radii = torch.tensor([0.5, 0.6, 0.4])
    covered = intersect(view, (0, 0, 0), radii.tolist()).alpha.sum((1, 2)) * view.pixel[:, 0, 0] ** 2
    rotation = head_rotation(people)
    inverse = rotation @ torch.diag(radii**2) @ rotation.transpose(1, 2)
    area = math.pi * torch.linalg.det(inverse[:, :2, :2]).sqrt()
    torch.testing.assert_close(covered, area, rtol=0.01, atol=0)


def test_a_cylinder_is_an_ellipsoid_whose_height_stops(people):
    view = make_view(people.replace(roll=0.0, yaw=0.0, pitch=0.0), SIZE)
    level = intersect(view, (0, 0, 0), (0.4, 0.4, 0.4), y=torch.zeros_like(view.y))
    assert level.alpha.amax((1, 2)).tolist() == [1.0] * 6
    assert torch.equal(level.alpha, level.alpha[:, :1].expand_as(level.alpha)), "the same at every height"


def test_rotations(people):
    rotation = head_rotation(people)
    torch.testing.assert_close(rotation @ rotation.transpose(1, 2), torch.eye(3).expand(6, 3, 3), rtol=0, atol=1e-6)
    assert torch.linalg.det(rotation).tolist() == pytest.approx([1.0] * 6)
    for n in range(len(people)):
        np.testing.assert_allclose(rotation[n], slow_rotation(people.yaw[n].item(), people.pitch[n].item()), atol=1e-6)


def test_where_the_face_looks(people):
    front = torch.tensor([[[0.0, 0.0, 0.8]]]).expand(6, 1, 3)
    straight = people.replace(yaw=0.0, pitch=0.0, roll=0.0)
    middle = torch.stack(head_center(people)[:2], 1)
    torch.testing.assert_close(project(straight, front)[:, 0], middle)
    assert (project(straight.replace(yaw="right"), front)[:, 0, 0] > middle[:, 0] + 0.1).all()
    assert (project(straight.replace(yaw="left"), front)[:, 0, 0] < middle[:, 0] - 0.1).all()
    assert (project(straight.replace(pitch="up"), front)[:, 0, 1] > middle[:, 1] + 0.03).all()
    assert (project(straight.replace(pitch="down"), front)[:, 0, 1] < middle[:, 1] - 0.03).all()


def test_project_is_the_inverse_of_intersect(people, view):
    """What a pixel's ray meets on the face is projected onto that pixel."""
    hit = intersect(view, (0.0, 0.0, 0.0), head_radii(people), on_face=True)
    points = torch.stack([hit.x, hit.y, hit.z], -1).flatten(1, 2)
    seen = project(people, points).view(len(people), SIZE, SIZE, 2)
    axis = (torch.arange(SIZE) + 0.5) / SIZE * 2 - 1
    pixels = torch.stack(torch.meshgrid(-axis, axis, indexing="ij")[::-1], -1).expand_as(seen)
    inside = hit.alpha == 1
    assert inside.float().mean() > 0.15
    torch.testing.assert_close(seen[inside], pixels[inside], rtol=0, atol=1e-5)


def test_points_of_the_ellipsoid_are_hit(people, view):
    hit = intersect(view, (0.0, 0.0, 0.0), head_radii(people), on_face=True)
    a, b, c = head_radii(people)
    on_surface = (hit.x / a) ** 2 + (hit.y / b) ** 2 + (hit.z / c) ** 2
    assert (on_surface[hit.alpha == 1] - 1).abs().max() < 1e-4
    assert hit.normal[2][hit.alpha == 1].min() > 0, "what is seen faces the camera"


def test_roll_turns_the_head_in_the_picture(people):
    straight = people.replace(roll=0.0, yaw=0.0, pitch=0.0)
    ends = torch.tensor([[[0.0, 0.9, 0.0], [0.0, -0.9, 0.0]]]).expand(6, 2, 3)

    def angle(factors):
        up = project(factors, ends)[:, 0] - project(factors, ends)[:, 1]
        return torch.atan2(up[:, 0], up[:, 1])

    assert angle(straight).abs().max() < 1e-6
    torch.testing.assert_close(angle(straight.replace(roll=1.0)).abs(), torch.full((6,), ROLL_MAX))


def test_sizes_and_pixels(people):
    small, large = make_view(people, 16), make_view(people, 64)
    torch.testing.assert_close(small.pixel, 4 * large.pixel)
    torch.testing.assert_close(small.x.mean((1, 2)), large.x.mean((1, 2)), rtol=0, atol=1e-5)
    near = make_view(people.replace(face_size="large"), 16).scale
    assert (near > make_view(people.replace(face_size="small"), 16).scale).all()


def test_the_outline_follows_the_person():
    person = sample(1, seed=0).replace(gender="woman", age=0.5, jaw=0.0, weight=0.0, cheekbones=0.0)
    chin = torch.full((1, 1, 1), -0.6)
    plain = outline(person, chin)
    for wider in ({"jaw": 1.0}, {"weight": "fat"}, {"gender": "man"}):
        assert outline(person.replace(**wider), chin) > plain + 0.01
    assert outline(person.replace(cheekbones=1.0), torch.full((1, 1, 1), -0.12)) > outline(
        person, torch.full((1, 1, 1), -0.12)
    )
    assert outline(person, torch.full((1, 1, 1), 0.8)) == pytest.approx(1, abs=0.01), "the forehead stays as it is"
