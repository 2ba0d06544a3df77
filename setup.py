"""The package graphc. `kernels/` stands at the top of the repository and is packaged, through the link graphc/kernels,
as `graphc.kernels`: the name `kernels` alone belongs to another project on PyPI."""
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).resolve().parent

# ml_dtypes 0.7.0 takes 0.6 s to import, a hundred times as long as those before it
CORE = ["numpy>=2.1", "numba>=0.68", "llvmlite>=0.50", "networkx>=3.4", "ml_dtypes>=0.5,!=0.7.0", "safetensors>=0.5",
        "rich>=13.7", "opt_einsum>=3.4"]

EXTRAS = {
    "test": ["pytest>=8.2", "pytest-xdist>=3.6", "hypothesis>=6.100", "scipy>=1.14", "autograd>=1.7", "ruff>=0.9",
             "setuptools>=77", "pillow>=10.3"],
    "oracle": ["torch==2.13.0", "keras>=3.6", "tensorboard>=2.18"],
    "plot": ["matplotlib>=3.9", "graphviz>=0.20"],
    "tensorboard": ["tensorboard>=2.18"],
    "images": ["pillow>=10.3"],
    "onnx": ["onnx>=1.17"],
    "bench": ["torch==2.13.0", "jax>=0.5", "pytensor>=2.30", "tinygrad>=0.10", "tensorflow>=2.19"],
    "cuda": ['numba-cuda[cu13]>=0.20; sys_platform == "linux"', 'cuda-core>=0.4; sys_platform == "linux"'],
}

setup(
    name="graphc",
    version="0.1.0",
    description="A static-graph compiler for training neural networks, in pure Python",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="The graphc authors",
    license="MIT",
    license_files=["LICENSE"],
    classifiers=["Programming Language :: Python :: 3", "Topic :: Scientific/Engineering :: Artificial Intelligence",
                 "Topic :: Software Development :: Compilers"],
    python_requires=">=3.11",
    packages=find_packages(include=["graphc", "graphc.*"]),
    package_data={"graphc.datasets": ["*.npz", "*.md"]},
    install_requires=CORE,
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["graphc = graphc.__main__:main"]},
    zip_safe=False,
)
