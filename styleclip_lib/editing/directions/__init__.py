"""StyleCLIP's global directions: from a text to channels of StyleSpace."""
