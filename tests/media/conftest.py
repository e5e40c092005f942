from tests.conftest_web import app, client, make_person, sign_in, write  # noqa: F401  fixtures
from tests.items.bank import bank, eve  # noqa: F401  fixtures
