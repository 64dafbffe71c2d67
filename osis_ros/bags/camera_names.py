"""Short names of the cameras of a bag: what tells their topics apart."""

from collections.abc import Sequence

from osis_ros.bags.reader import name_parts, shared_parts


def camera_names(topics: Sequence[str]) -> list[str]:
    """`/left/image_raw`, `/right/image_raw` → `left`, `right`; an empty name if there is one topic only.

    The parts that all topics have in common, at the front and at the end, are left out.
    """
    if len(topics) == 1:
        return [""]
    parts = [name_parts(topic) for topic in topics]
    front = min(shared_parts(topics[0], topic) for topic in topics)
    back = min(shared_parts("/".join(parts[0][::-1]), "/".join(other[::-1])) for other in parts)
    names = ["_".join(one[front : max(front, len(one) - back)]) for one in parts]
    if all(name[:1].isalpha() for name in names) and len(set(names)) == len(names):
        return names
    return ["_".join(one) for one in parts]
