"""Who is behind an id, for the audit: a person reads logins."""

from __future__ import annotations

from collections.abc import Iterable

from .ports import Audit
from .store_port import Reading


async def tell_logins(audit: Audit, view: Reading, ids: Iterable[str | None]) -> None:
    """Tell the audit the logins of these members and service accounts, as far as it lacks them."""
    unknown = audit.unknown(ids)
    if unknown:
        members = {member.id: member.login for member in await view.members(unknown)}
        accounts = {account.id: account.username for account in await view.service_accounts_by_id(unknown)}
        audit.learn(members | accounts)
