"""What the commitments of a contract are called: ids by name and names by id, kept in memory."""

from __future__ import annotations

from django.db import connection

from shouyue.contracts.queries import compiled


class Names:
    """Commitment ids by name and names by id, of one contract."""

    def __init__(self, ids: dict[str, int]) -> None:
        self.ids = ids
        self.names = {number: name for name, number in ids.items()}


_names: dict[int, tuple[int, Names]] = {}


def names_of(contract_id: int) -> Names:
    """The contract's commitments. Queries: none, one when the contract has changed since."""
    version = compiled(contract_id).version
    known = _names.get(contract_id)
    if known is None or known[0] != version:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT name, id FROM commitments_commitment WHERE contract_id = %s", [contract_id]
            )
            known = (version, Names(dict(cursor.fetchall())))
        _names[contract_id] = known
    return known[1]


def forget_names(contract_id: int) -> None:
    """The contract's commitments were written just now."""
    _names.pop(contract_id, None)
