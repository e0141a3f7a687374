"""A package, so that `tests` is this folder: IPython 7, which Colab has, puts a package of that name of its own on the path."""
