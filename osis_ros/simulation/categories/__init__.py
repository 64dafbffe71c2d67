"""All kinds of objects, each a function `draw -> ObjectShape` that varies shape, size, colour, texture and gloss."""

from osis_ros.simulation.categories import desk, fruit, gadgets, packaging, tableware, tools, toys, vessels
from osis_ros.simulation.categories.outliers import (
    bakery,
    baking,
    belongings,
    devices,
    figures,
    fittings,
    grooming,
    hardware,
    household,
    kitchen,
    leisure,
    outdoors,
    playthings,
    produce,
    renovation,
    timepieces,
    wirework,
    workshop,
)
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.shape import ObjectShape

# In id order: known categories are 1..12 of a data set, unknown ones 13..24, outliers the rest.
_KNOWN = {
    "mug": vessels.mug,
    "bottle": vessels.bottle,
    "bowl": tableware.bowl,
    "can": packaging.can,
    "carton": packaging.carton,
    "plate": tableware.plate,
    "banana": fruit.banana,
    "apple": fruit.apple,
    "screwdriver": tools.screwdriver,
    "marker": desk.marker,
    "spring_clamp": tools.spring_clamp,
    "book": desk.book,
}
_UNKNOWN = {
    "hammer": tools.hammer,
    "wrench": tools.wrench,
    "scissors": desk.scissors,
    "power_drill": gadgets.power_drill,
    "game_controller": gadgets.game_controller,
    "toy_brick": toys.toy_brick,
    "toy_car": toys.toy_car,
    "light_bulb": gadgets.light_bulb,
    "tape_roll": desk.tape_roll,
    "funnel": tableware.funnel,
    "sponge": packaging.sponge,
    "spatula": tableware.spatula,
}
_OUTLIERS = {
    "fruit": produce.fruit,
    "mushroom": produce.mushroom,
    "pouch": household.pouch,
    "remote_control": household.remote_control,
    "brush": household.brush,
    "spectacles": household.spectacles,
    "cushion": household.cushion,
    "bolt": hardware.bolt,
    "key": hardware.key,
    "plug": hardware.plug,
    "bent_wire": hardware.bent_wire,
    "gear": hardware.gear,
    "turned_piece": figures.turned_piece,
    "animal": figures.animal,
    "stone": figures.stone,
    "contraption": figures.contraption,
    "cutlery": kitchen.cutlery,
    "pan": kitchen.pan,
    "lid": kitchen.lid,
    "teapot": kitchen.teapot,
    "pliers": workshop.pliers,
    "chisel": workshop.chisel,
    "torch": workshop.torch,
    "padlock": workshop.padlock,
    "elbow": workshop.elbow,
    "stapler": belongings.stapler,
    "peg": belongings.peg,
    "tube": belongings.tube,
    "camera": belongings.camera,
    "ball": belongings.ball,
    "shoe": belongings.shoe,
    "ring": belongings.ring,
    "watch": timepieces.watch,
    "computer_mouse": devices.computer_mouse,
    "iron": devices.iron,
    "dumbbell": leisure.dumbbell,
    "headphones": devices.headphones,
    "microphone": devices.microphone,
    "hourglass": timepieces.hourglass,
    "bell": leisure.bell,
    "whisk": baking.whisk,
    "rolling_pin": baking.rolling_pin,
    "saw": renovation.saw,
    "paint_roller": renovation.paint_roller,
    "tap": renovation.tap,
    "comb": household.comb,
    "toy_plane": leisure.toy_plane,
    "basket": baking.basket,
    "caster": fittings.caster,
    "hand_wheel": fittings.hand_wheel,
    "coil_spring": wirework.coil_spring,
    "hinge": fittings.hinge,
    "chain": wirework.chain,
    "hair_dryer": grooming.hair_dryer,
    "tweezers": grooming.tweezers,
    "razor": grooming.razor,
    "lantern": outdoors.lantern,
    "umbrella": outdoors.umbrella,
    "pocket_knife": outdoors.pocket_knife,
    "shuttlecock": outdoors.shuttlecock,
    "seashell": outdoors.seashell,
    "doll": playthings.doll,
    "whistle": playthings.whistle,
    "pastry": bakery.pastry,
}
KNOWN: tuple[str, ...] = tuple(_KNOWN)
UNKNOWN: tuple[str, ...] = tuple(_UNKNOWN)
OUTLIERS: tuple[str, ...] = tuple(_OUTLIERS)
ALL: tuple[str, ...] = KNOWN + UNKNOWN + OUTLIERS
_MAKERS = _KNOWN | _UNKNOWN | _OUTLIERS


def shown_in(split: str) -> tuple[str, ...]:
    """The categories that a split's scenes are made of. Those of val and test that are not known are never trained."""
    return {"train": KNOWN, "outliers": KNOWN + OUTLIERS}.get(split, KNOWN + UNKNOWN)


def build(category: str, draw: Draw) -> ObjectShape:
    """A new object of one category (one of ALL), centred in its own frame."""
    if category not in _MAKERS:
        raise ValueError(f"category is {category!r}, expected one of {', '.join(ALL)}")
    return _MAKERS[category](draw).centred()
