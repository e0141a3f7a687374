"""Pictures in and out: files, bytes and PIL images on one side, tensors on the other.

Inside the library a picture is float32 [B, 3, H, W], RGB, in [-1, 1]. At the border it is a ``PIL.Image``.
"""

from .animation import ANIMATION_EXTENSIONS as ANIMATION_EXTENSIONS
from .animation import save_animation as save_animation
from .grids import image_grid as image_grid
from .opening import MAX_BYTES as MAX_BYTES
from .opening import ImageSource as ImageSource
from .opening import load_image as load_image
from .opening import open_animation as open_animation
from .opening import open_picture as open_picture
from .opening import open_upright as open_upright
from .saving import PICTURE_EXTENSIONS as PICTURE_EXTENSIONS
from .saving import check_picture_path as check_picture_path
from .saving import save_image as save_image
from .tensors import Pictures as Pictures
from .tensors import from_pil as from_pil
from .tensors import to_pil as to_pil
from .tensors import to_pils as to_pils
