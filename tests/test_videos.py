"""Videos in and out: frame by frame, whole or not at all, with their sound."""

import struct
import subprocess

import imageio_ffmpeg
import numpy as np
import pytest
import torch
from PIL import Image

from styleclip_lib import StyleclipError
from styleclip_lib.images import save_animation
from styleclip_lib.videos import VideoWriter, frames_of, is_video, open_video


def frames(count=5, height=32, width=48):
    """A bright bar that moves to the right."""
    made = torch.full((count, 3, height, width), -0.8)
    for number in range(count):
        made[number, :, :, 6 * number:6 * number + 12] = 0.8
    return made


@pytest.fixture
def with_sound(tmp_path):
    path = tmp_path / "sound.mp4"
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1",
                    "-f", "lavfi", "-i", "sine=duration=1", "-pix_fmt", "yuv420p", "-shortest", str(path)], check=True)
    return path


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "a.webp"])
def test_there_and_back(tmp_path, name):
    with VideoWriter(tmp_path / name, 10) as writer:
        for frame in frames():
            writer.add(frame[None])
    video = open_video(tmp_path / name)
    assert (video.width, video.height, video.frames, video.has_audio) == (48, 32, 5, False) and video.fps == pytest.approx(10, abs=0.5)
    read = torch.cat(list(frames_of(video)))
    assert read.shape == (5, 3, 32, 48) and (read - frames()).abs().mean() < 0.1
    assert writer.count == 5 and not writer.interrupted and [path.name for path in tmp_path.iterdir()] == [name]


def test_odd_sides_lose_a_pixel(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", 10) as writer:
        for frame in frames(3, 33, 49):
            writer.add(frame[None])
    assert (open_video(tmp_path / "a.mp4").width, open_video(tmp_path / "a.mp4").height) == (48, 32)


def test_ctrl_c_keeps_a_video_that_plays(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", 10) as writer:
        for number, frame in enumerate(frames()):
            if number == 3:
                raise KeyboardInterrupt
            writer.add(frame[None])
    assert writer.interrupted and len(list(frames_of(open_video(tmp_path / "a.mp4")))) == 3


def test_ctrl_c_before_the_first_frame_and_mistakes_leave_nothing(tmp_path):
    for error in (KeyboardInterrupt, RuntimeError):
        with pytest.raises(error), VideoWriter(tmp_path / "a.mp4", 10) as writer:
            if error is RuntimeError:
                writer.add(frames()[:1])
            raise error
    with pytest.raises(StyleclipError, match="no frames"), VideoWriter(tmp_path / "b.mp4", 10):
        pass
    assert not list(tmp_path.iterdir())


def test_the_sound_goes_along_as_far_as_the_pictures_reach(tmp_path, with_sound):
    video = open_video(with_sound)
    assert video.has_audio and video.frames == 10
    with VideoWriter(tmp_path / "out.mp4", video.fps, sound_of=video) as writer:
        for number, frame in enumerate(frames_of(video)):
            if number == 5:
                raise KeyboardInterrupt
            writer.add(frame)
    out = open_video(tmp_path / "out.mp4")
    assert out.has_audio and len(list(frames_of(out))) == 5
    with VideoWriter(tmp_path / "out.gif", video.fps, sound_of=video) as writer:
        writer.add(frames()[:1])
    assert not open_video(tmp_path / "out.gif").has_audio


def test_what_is_a_video():
    assert is_video("a.MP4") and is_video("b/c.gif") and not is_video("a.png") and not is_video("a.webp")


def test_a_list_of_other_files_is_not_followed(tmp_path):
    """ffmpeg knows formats that name files to be read; a video's first bytes say that this is none of its own."""
    secret = tmp_path / "secret.mp4"
    save_animation(frames(), secret)
    for content in (f"ffconcat version 1.0\nfile '{secret}'\n", f"#EXTM3U\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n"):
        (tmp_path / "list.mp4").write_text(content)
        with pytest.raises(StyleclipError, match="video"):
            open_video(tmp_path / "list.mp4")


def test_a_name_is_never_that_of_a_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_animation(frames(), "a.mp4")
    (tmp_path / "concat:a.mp4").write_bytes((tmp_path / "a.mp4").read_bytes()[:500])
    with pytest.raises(StyleclipError, match="concat"):
        open_video("concat:a.mp4")


def gif(canvas, later):
    """An animation of two pictures of one pixel, the second of which says that it has another size."""
    one = b"\0\x02\x02\x44\x01\0"
    pictures = b"".join(b"," + struct.pack("<HHHH", 0, 0, *size) + one for size in ((1, 1), later))
    return b"GIF89a" + struct.pack("<HH", *canvas) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff" + pictures + b";"


@pytest.mark.parametrize(("canvas", "later"), [((1, 1), (60_000, 60_000)), ((1, 1), (12_000, 12_000)), ((7000, 7000), (1, 1))])
def test_enormous_frames_are_refused(tmp_path, canvas, later):
    (tmp_path / "a.gif").write_bytes(gif(canvas, later))
    with pytest.raises(StyleclipError, match="too large"):
        list(frames_of(open_video(tmp_path / "a.gif")))


@pytest.mark.parametrize("content", [b"", b"\0\0\0\x18ftypmp42" + bytes(200), b"GIF89a", np.arange(256, dtype=np.uint8).tobytes()])
def test_broken_files(tmp_path, content):
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(StyleclipError) as error:
        list(frames_of(open_video(tmp_path / "a.mp4")))
    assert "\n" not in str(error.value) and "a.mp4" in str(error.value)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_an_animation_whose_second_picture_is_broken(kind, tmp_path):
    """Pillow decodes each picture only when it is asked for."""
    noise = [Image.effect_noise((24, 16), 60).convert("RGB") for _ in range(2)]
    noise[0].save(tmp_path / "a.gif", kind, save_all=True, append_images=noise[1:], duration=80)
    whole = (tmp_path / "a.gif").read_bytes()
    at = whole.index(b"fdAT") + 8 if kind == "PNG" else len(whole) - 100
    (tmp_path / "a.gif").write_bytes(whole[:at] + bytes(60) + whole[at + 60:] if kind == "PNG" else whole[:at])
    frames = frames_of(open_video(tmp_path / "a.gif"))
    assert next(frames).shape == (1, 3, 16, 24)
    with pytest.raises(StyleclipError, match=r"a\.gif' is damaged or cut off"):
        list(frames)


def test_a_cut_off_video(tmp_path):
    save_animation(frames(30, 64, 64), tmp_path / "a.mp4")
    whole = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "a.mp4").write_bytes(whole[:len(whole) // 2])
    with pytest.raises(StyleclipError, match=r"a\.mp4"):
        list(frames_of(open_video(tmp_path / "a.mp4")))
