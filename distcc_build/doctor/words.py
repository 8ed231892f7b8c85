"""Names, and sentences of other modules, as the doctor says them."""

__all__ = ["believable", "plain", "remedy_in"]


def plain(name: str) -> str:
    """A full name of DNS as people write it.

    >>> plain("distcc1.farm.test.")
    'distcc1.farm.test'
    """
    return name.removesuffix(".")


def remedy_in(sentence: str) -> tuple[str, str]:
    """Part a sentence into what is the matter and what to do.

    >>> remedy_in("it is on another network than distcc1: correct it, or set ipv4_network")
    ('it is on another network than distcc1', 'correct it, or set ipv4_network')
    >>> remedy_in('8.8.8.8 is not a private address (allow = ["8.8.8.0/24"] would use it)')
    ('8.8.8.8 is not a private address', 'allow = ["8.8.8.0/24"] would use it')
    >>> remedy_in("has the address of distcc1.farm.test.")
    ('has the address of distcc1.farm.test.', '')
    """
    matter, sign, remedy = sentence.rpartition(": ")
    if not sign and sentence.endswith(")"):
        matter, sign, remedy = sentence[:-1].partition(" (")
    return (matter, remedy) if sign else (sentence, "")


def believable(sentence: str) -> tuple[str, str]:
    """Part a sentence about a file that is not believed (trust.py) likewise.

    >>> believable("/x is not believed: / can be written by others (chmod go-w /)")
    ('/x is not believed: / can be written by others', 'chmod go-w /')
    >>> believable("/x is not believed: /x belongs to joe, neither to you nor to root")[1]
    'chown it to yourself, or to root'
    """
    matter, sign, remedy = sentence.removesuffix(")").rpartition(" (")
    return (matter, remedy) if sign else (sentence, "chown it to yourself, or to root")
