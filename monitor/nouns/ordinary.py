"""What is usual in one hour of a day."""

import msgspec


class Ordinary(msgspec.Struct, frozen=True, array_like=True):
    """The usual posts of an hour: their mean, and how many there were at most in nine of ten earlier hours like it."""

    mean: float
    high: int
