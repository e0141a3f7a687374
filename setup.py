"""Only what pyproject.toml cannot say: a wheel carries the folder ``data`` inside the package."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["styleclip_lib", "styleclip_lib.*"]), "styleclip_lib.data"],
    package_dir={"styleclip_lib.data": "data"},
    package_data={"styleclip_lib": ["**/*.json", "**/*.txt", "py.typed", "service/page/*", "edge/page/*"],
                  "styleclip_lib.data": ["models/**/*", "images/**/*"]},
)
