from shop import search, total_cents, unique

PRODUCTS = [f"Product {number:02}" for number in range(100)]


def test_unique():
    assert unique(PRODUCTS * 1500) == PRODUCTS


def test_total():
    prices = dict.fromkeys(PRODUCTS, 150)
    basket = dict.fromkeys(PRODUCTS, 2)
    for _ in range(2000):
        assert total_cents(basket, prices) == 30_000


def test_search():
    for _ in range(3000):
        assert search("PRODUCT 07", PRODUCTS) == ["Product 07"]
