"""What measurements need to start the programs: the environment of `mpirun`, and a model set as settings of a job."""

import os
import subprocess

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))


def environment():
    """This one, with what Open MPI must be told on one machine."""
    text = subprocess.run(
        ["bash", "-c", f". '{ROOT}/cluster/env.sh' local && env -0"], capture_output=True, check=True
    ).stdout
    return dict(item.split("=", 1) for item in text.decode().split("\0") if "=" in item)


def model_settings(folder):
    """`--set` arguments for the models of a folder such as Models/toyworld."""
    names = {
        "audio": "audioldm",
        "image": "sd15",
        "motion": "motion_adapter",
        "binder": "imagebind",
        "mm": "mm_diffusion/base.safetensors",
    }
    return [
        word for role, name in names.items() for word in ("--set", f"models.{role}={os.path.abspath(folder)}/{name}")
    ]
