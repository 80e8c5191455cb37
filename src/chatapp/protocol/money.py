"""Money as it travels and as people read it. Dollars are exact decimals in text; inside they are whole picodollars."""

PICO_DIGITS = 12
PICO = 10**PICO_DIGITS
"""Picodollars of a dollar. A price per million tokens with six decimals is a whole number of them for each token."""

_SHOWN_DIGITS = 4


def dollars(pico: int) -> str:
    """Return picodollars as dollars, to the last digit and without an exponent: `0.0004275`."""
    if not pico:  # what every call to a server of one's own costs
        return "0"
    sign, pico = ("-" if pico < 0 else ""), abs(pico)
    whole, rest = divmod(pico, PICO)
    decimals = f"{rest:0{PICO_DIGITS}d}".rstrip("0")
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


def picodollars(text: str) -> int:
    """Return dollars as `dollars` writes them in picodollars.

    Raises:
        ValueError: it is no such number.
    """
    whole, _, decimals = text.removeprefix("-").partition(".")
    if not (whole + decimals).isdecimal() or not whole or len(decimals) > PICO_DIGITS:
        raise ValueError("dollars were expected, as in 0.0125")
    pico: int = int(whole) * PICO + int(decimals.ljust(PICO_DIGITS, "0"))
    return -pico if text.startswith("-") else pico


def shown_dollars(text: str) -> str:
    """Return dollars for people: cents, and below a dollar two figures that say something: `$12.30`, `$0.0012`."""
    pico = picodollars(text)
    if pico == 0:
        return "$0"
    digits = 2 if pico >= PICO else _SHOWN_DIGITS
    while _SHOWN_DIGITS <= digits < PICO_DIGITS and pico < 10 ** (PICO_DIGITS - digits + 1):
        digits += 1
    unit: int = 10 ** (PICO_DIGITS - digits)
    rounded = dollars((pico + unit // 2) // unit * unit)
    whole, _, decimals = rounded.partition(".")
    return f"${whole}.{decimals.ljust(2, '0')}"
