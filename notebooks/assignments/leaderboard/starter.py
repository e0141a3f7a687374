"""Your own method, to begin with: it runs, and beats nothing.

    styleclip compete FOLDER_WITH_THIS_FILE --texts 4 --each 1

`edit` gets the models, a face and what is asked for, and returns an `Edit`. You may use whatever is in `models` and in the library.
"""

from dataclasses import replace

import torch

from styleclip_lib import Edit, Recipe


def edit(models, face, prompt):
    """Three steps down the gradient of 1 - cosine, the plain way."""
    w = face.w_plus.clone().requires_grad_()
    for _ in range(3):
        image = models.generator.synthesis(w)
        loss = 1 - (models.clip.encode_image(image) * prompt.vector).sum()
        gradient, = torch.autograd.grad(loss, w)
        w = (w - 0.2 * gradient).detach().requires_grad_()
    return Edit(face, replace(face, w_plus=w.detach()), Recipe(), prompt)
