"""ADBC connections, as the scripts of that driver open them."""

import contextlib
import uuid

from adbc_driver_flightsql import dbapi

from checks import URI


@contextlib.contextmanager
def connect(uri=URI, **options):
    """A connection that commits each statement on its own, which is all that Owlet does."""
    with dbapi.connect(uri, autocommit=True, **options) as connection:
        yield connection


@contextlib.contextmanager
def cursor(**options):
    """A cursor of a connection of its own."""
    with connect(**options) as connection, connection.cursor() as opened:
        yield opened


def rows(opened, sql, parameters=None):
    """All rows of a query."""
    return opened.execute(sql, parameters).fetchall()


def value(opened, sql, parameters=None):
    """The one value of a query."""
    ((single,),) = rows(opened, sql, parameters)
    return single


def fresh(prefix="t"):
    """A name that no other check has."""
    return f"{prefix}_{uuid.uuid4().hex[:12]}"
