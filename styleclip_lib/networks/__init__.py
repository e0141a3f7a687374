"""Floor 1: the networks, as plain ``torch.nn.Module``s and the operations that they are made of.

Reading order for StyleGAN2: ``resampling``, ``modulation``, ``layers``, ``mapping``, ``synthesis``, ``generator``, ``discriminator``.
"""
