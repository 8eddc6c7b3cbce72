"""How often picture and sound agree, over what judged.py found."""


def common(scenes, arms):
    """The scenes that all of the arms made."""
    return [s for s in scenes if all(arm in s["arms"] for arm in arms)]


def mean(scenes, arm):
    """0…1: of a scene the mean of all that is compared, of scenes the mean; 0 of none."""
    values = [s["arms"][arm]["agreement"].values() for s in scenes]
    return sum(sum(v) / len(v) for v in values) / len(values) if values else 0.0
