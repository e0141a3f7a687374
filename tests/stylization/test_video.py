"""Videos in a style, with a tiny network."""

import pytest
import torch

from styleclip_lib import StyleclipError
from styleclip_lib.images import save_animation
from styleclip_lib.networks.fast_style import FastStyle
from styleclip_lib.stylization.fast import FastTransfer
from styleclip_lib.stylization.video import check_length, expected, smoothed, styled_frames, stylize_video
from styleclip_lib.videos import Video, frames_of, open_video


@pytest.fixture(scope="module")
def fast(tiny):
    torch.manual_seed(0)
    network = FastStyle(width=4, blocks=1).eval().requires_grad_(False)
    network.last.bias.fill_(1.5)
    return FastTransfer(tiny, network, {"text": "a mosaic"})


@pytest.fixture
def video(tmp_path):
    pictures = torch.rand(4, 3, 36, 50, generator=torch.Generator().manual_seed(0)) - 0.7
    save_animation(pictures, tmp_path / "in.mp4", fps=8)
    return tmp_path / "in.mp4"


def test_every_frame_is_restyled(fast, video, tmp_path):
    done = stylize_video(fast, video, tmp_path / "out.mp4", progress=False)
    assert done.frames == 4 and not done.interrupted and done.path == tmp_path / "out.mp4"
    before, after = (torch.cat(list(frames_of(open_video(path)))) for path in (video, done.path))
    assert after.shape == before.shape and (after - before).mean() > 0.2 and open_video(done.path).fps == pytest.approx(8)


def test_an_estimate_of_the_time_is_printed(fast, video, tmp_path, capsys):
    stylize_video(fast, video, tmp_path / "out.gif")
    assert "4 frames at" in capsys.readouterr().out
    assert expected(90_000, 0.05).startswith("90000 frames at 0.05 seconds each: about 75 minutes.")


def test_frames_are_reduced_and_masks_hold(fast, video):
    mask = torch.zeros(1, 1, 36, 50)
    mask[..., :25] = 1
    plain = list(frames_of(open_video(video)))
    drawn = list(styled_frames(fast, open_video(video), mask=mask))
    assert torch.equal(drawn[2][..., 25:], plain[2][..., 25:]) and (drawn[2] - plain[2])[..., :25].mean() > 0.2
    assert next(iter(styled_frames(fast, open_video(video), size=40))).shape[-1] == 40
    with pytest.raises(StyleclipError, match="make the mask for this picture"):
        next(iter(styled_frames(fast, open_video(video), mask=torch.ones(1, 1, 50, 50))))


def test_smoothing_acts_where_nothing_moves():
    frame, before = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    before[..., 2:] = 1
    drawn, drawn_before = torch.full_like(frame, 0.2), torch.full_like(frame, 0.6)
    result = smoothed(drawn, frame, drawn_before, before, 0.5)
    assert result[..., :2].flatten().tolist() == pytest.approx([0.4] * 24) and torch.allclose(result[..., 2:], drawn[..., 2:], atol=1e-4)


def test_an_interrupt_keeps_what_is_done(fast, video, tmp_path, monkeypatch):
    import styleclip_lib.stylization.video as module

    real = module.styled_frames

    def interrupted(*arguments):
        for number, frame in enumerate(real(*arguments)):
            if number == 2:
                raise KeyboardInterrupt
            yield frame

    monkeypatch.setattr(module, "styled_frames", interrupted)
    done = stylize_video(fast, video, tmp_path / "out.mp4", progress=False)
    assert done.interrupted and done.frames == 2 and len(list(frames_of(open_video(done.path)))) == 2


def test_errors_are_reported(fast, video, tmp_path):
    with pytest.raises(StyleclipError, match="smoothing must be"):
        stylize_video(fast, video, tmp_path / "out.mp4", smoothing=1.0)
    long = Video(video, 10, 10, 25.0, 90_000, False, "mov")
    check_length(long, tmp_path / "out.mp4")
    with pytest.raises(StyleclipError, match=r"90000 frames, and a \.gif holds 1000 at most: write an \.mp4"):
        check_length(long, tmp_path / "out.gif")
    assert not (tmp_path / "out.mp4").exists()
