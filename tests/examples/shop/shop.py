"""A small shop: what is bought, what it costs, and a search."""


def unique(names):
    """The names, each once, in the order in which they come first."""
    return list(dict.fromkeys(names))


def total_cents(basket, prices):
    """What a basket costs."""
    return sum(prices[name] * count for name, count in basket.items())


def search(text, names):
    """The names that contain a text, in any case."""
    wanted = text.lower()
    return [name for name in names if wanted in name.lower()]
