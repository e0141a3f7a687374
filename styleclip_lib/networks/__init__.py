"""The networks, as plain ``torch.nn.Module``s, and the operations they are built from.

Reading order for StyleGAN2: ``resampling``, ``modulation``, ``layers``, ``mapping``, ``synthesis``, ``generator``, ``discriminator``.
"""
