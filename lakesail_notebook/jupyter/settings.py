"""What the administrator set, read as a whole: the settings in force, or every mistake in them. Pure.

traitlets keeps the default of a trait whose value it refuses, and warns of a name that it does not know. Both would
open the door: without its ``teams``, a server takes everybody for its administrator. So nothing is taken from the
traits of the running application. The merged configuration is read here, and a mistake is never replaced by a default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from traitlets import TraitType
from traitlets.config import Configurable
from traitlets.config.loader import DeferredConfig, LazyConfigValue

from ..api_location import is_loopback
from ..errors import InvalidArgument
from ..store.looking import sqlite_path
from ..workloads.rules import addresses
from ..workloads.rules.instance_types import instance_types_from
from ..workloads.rules.names import check_name
from ..workloads.rules.quotas import TEAM_QUOTAS, Quotas, quotas_from
from ..workloads.settings import TEAM_LIMITS, SessionLimits, Settings, limits_from
from .identity import Roster, known_members, roster_from
from .mistakes import Ground, Mistake, Mistakes

_ENDPOINT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+):([0-9]{1,5})")
_SIMILAR = 0.85
_OURS = "lakesail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the traits of the extension say, checked."""

    ground: Ground
    settings: Settings
    roster: Roster
    proxy_public_endpoint: str | None


def read_settings(
    config: Mapping[str, Any], *, app: type[Configurable], backend: type[Configurable], hub: bool
) -> Chosen | Mistakes:
    """
    :param config: the merged configuration of all files and of the command line, as traitlets has it.
    :param app: whose own traits are the settings.
    :param backend: whose traits must be right too.
    :param hub: whether a JupyterHub says who the users are.
    """
    mistakes = list(_misspelt_sections(config, (app, backend)))
    values, wrong = _values(_sections_of(config, app), app)
    mistakes += wrong
    mistakes += _values(_sections_of(config, backend, app), backend)[1]
    refused = {mistake.where[-1] for mistake in wrong}
    for name, problems_of in _CHECKS.items():
        if name not in refused:
            found = list(problems_of(values[name]))
            refused |= {name} if found else set()
            mistakes += (_mistake(name, problem) for problem in found)
    single_user = not values["teams"] and not values["org_admins"] and not hub
    limits_base = SessionLimits() if single_user else TEAM_LIMITS
    if not refused & {"limits", "teams", "org_admins"}:  # what is right over the one defaults may be wrong over others
        over_base = _each(partial(limits_from, base=limits_base))
        mistakes += (_mistake("limits", problem) for problem in over_base(values["limits"]))
    if "proxy_bind" not in refused:
        mistakes += _proxy_mistakes(values)
    ground = _ground({name: value for name, value in values.items() if name not in refused})
    if mistakes:
        return Mistakes(tuple(dict.fromkeys(mistakes)), ground)
    return _chosen(values, ground, single_user, limits_base)


def _ground(values: Mapping[str, Any]) -> Ground:
    hosts, port = host_and_port(values.get("proxy_bind", ""))
    return Ground(
        database_url=values.get("database_url", ""),
        proxy_hosts=hosts,
        proxy_port=port,
        proxy_tls_certificate_file=values.get("proxy_tls_cert") or None,
        proxy_tls_key_file=values.get("proxy_tls_key") or None,
        signing_key_files=tuple(map(Path, values.get("signing_key_files", ()))),
    )


def _chosen(values: Mapping[str, Any], ground: Ground, single_user: bool, limits_base: SessionLimits) -> Chosen:
    roster = roster_from(values["teams"], values["org_admins"])
    return Chosen(
        ground=ground,
        roster=roster,
        settings=Settings(
            instance_types=instance_types_from(values["instance_types"]),
            limits=limits_from(values["limits"], limits_base),
            quotas=quotas_from(values["quotas"], Quotas() if single_user else TEAM_QUOTAS),
            default_config=values["default_config"] or None,
            team_ids=frozenset(roster.teams),
            single_user=single_user,
            known_members=known_members(roster),
            allowed_index_hosts=frozenset(values["allowed_index_hosts"]),
        ),
        proxy_public_endpoint=values["proxy_public_endpoint"] or None,
    )


# What traitlets would take, and what it would pass over


def _values(sections: Iterable[tuple[str, Any]], kind: type[Configurable]) -> tuple[dict[str, Any], list[Mistake]]:
    """The value of each trait that this package gives to ``kind``, its default where the sections have none or a wrong
    one; and what is wrong in the sections that are named after it."""
    blank = kind.__new__(kind)
    traits = kind.class_traits(config=True)
    given: dict[str, tuple[str, Any]] = {}
    mistakes: list[Mistake] = []
    for section, entries in sections:
        ours = section.rpartition(".")[2] in _ours(kind)
        if isinstance(entries, Mapping):
            given |= {name: (section, value) for name, value in entries.items() if name in traits}
            strange = [name for name in entries if not _is_known(name, kind, traits)]
            mistakes += (_unknown(section, name, traits) for name in strange if ours)
        elif ours:
            mistakes.append(_mistake_in(section, None, f"is a mapping of traits, not a {type(entries).__name__}"))
    values = {name: getattr(blank, name) for name in _own_traits(kind)}
    for name, (section, value) in given.items():
        trait = traits[name]
        try:
            values[name] = trait._validate(blank, _resolved(value, trait, blank))
        except Exception as error:  # of any trait: what it cannot take is a mistake
            told = f"must be {trait.info()}{_bounds(trait)}"
            mistakes.append(_mistake_in(section, name, told, logged=f"{told}: {error}"))
    return values, mistakes


def _sections_of(
    config: Mapping[str, Any], kind: type[Configurable], parent: type[Configurable] | None = None
) -> Iterator[tuple[str, Any]]:
    """The sections that an object of ``kind`` obeys, the strongest last, as traitlets finds them."""
    names: Sequence[str] = kind.section_names()
    yield from ((name, config[name]) for name in names if name in config)
    for outer in () if parent is None else parent.section_names():
        entries = config.get(outer)
        if isinstance(entries, Mapping):
            yield from ((f"{outer}.{name}", entries[name]) for name in names if name in entries)


def _resolved(value: Any, trait: TraitType[Any, Any], blank: Configurable) -> Any:
    """What files say with ``c.LakesailApp.teams.update(...)``, and command lines as text."""
    if isinstance(value, LazyConfigValue):
        if not value.to_dict():  # what `c.LakesailApp.teams.RED = ...` leaves: traitlets would forget it
            raise ValueError(f"it is named and not set; write c.….{trait.name} = …")
        return value.get_value(getattr(blank, str(trait.name)))
    return value.get_value(trait) if isinstance(value, DeferredConfig) else value


def _bounds(trait: TraitType[Any, Any]) -> str:
    lowest = getattr(trait, "min", None)
    return "" if lowest is None else f" of at least {lowest}"


def _ours(kind: type[Configurable]) -> set[str]:
    """Its own section, and those of its bases that come from this package."""
    package = __name__.partition(".")[0]
    return {base.__name__ for base in kind.__mro__ if base.__module__.partition(".")[0] == package}


def _own_traits(kind: type[Configurable]) -> set[str]:
    bases = [base for base in kind.__mro__ if base.__name__ in _ours(kind) and issubclass(base, Configurable)]
    return {name for base in bases for name in base.class_own_traits(config=True)}


def _is_known(name: str, kind: type[Configurable], traits: Mapping[str, Any]) -> bool:
    """A section within a section is its child's."""
    children = {child.__name__ for child in getattr(kind, "classes", ())}
    return name in traits or name in children


def _unknown(section: str, name: str, traits: Mapping[str, Any]) -> Mistake:
    near = get_close_matches(name, traits, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    sentence = f"c.{section} has no trait {name}{hint}"
    return Mistake((*section.split("."), name), sentence, sentence)


def _misspelt_sections(config: Mapping[str, Any], kinds: Sequence[type[Configurable]]) -> Iterator[Mistake]:
    """``c.LakeSailApp``, ``c.Localbackend``: nobody reads them."""
    ours = {name for kind in kinds for name in _ours(kind)}
    folded = {name.casefold(): name for name in ours}
    for section in config:
        if section in ours or not isinstance(section, str):
            continue
        near = get_close_matches(section.casefold(), folded, n=1, cutoff=_SIMILAR)
        if near or section.casefold().startswith(_OURS):
            meant = folded[near[0]] if near else "LakesailApp"
            sentence = f"there is no c.{section}; did you mean c.{meant}?"
            yield Mistake((section,), sentence, sentence)


# What each trait must be


def _each(read: Callable[[Mapping[Any, Any]], object]) -> Callable[[Mapping[Any, Any]], Iterator[str]]:
    """Reads the entries of a mapping one by one, so that all that is wrong is told."""

    def problems(value: Mapping[Any, Any]) -> Iterator[str]:
        for key, entry in value.items():
            try:
                read({key: entry})
            except ValueError as error:
                yield str(error)

    return problems


def _team_problems(teams: Mapping[Any, Any]) -> Iterator[str]:
    return _each(lambda one: roster_from(one, ()))(teams)


def _admin_problems(names: Sequence[str]) -> Iterator[str]:
    if any(not name.removeprefix("@").strip() for name in names):
        yield "holds an empty name"


def _database_problems(url: str) -> Iterator[str]:
    if sqlite_path(url) is None:
        yield "names no SQLite file; give one like 'sqlite:////home/me/lakesail.db'"


def _config_name_problems(name: str) -> Iterator[str]:
    try:
        if name:
            check_name(name)
    except InvalidArgument as error:
        yield error.message.removeprefix("name ").rstrip(".")


def _bind_problems(bind: str) -> Iterator[str]:
    try:
        host_and_port(bind)
    except ValueError:
        yield "is HOST or HOST:PORT, with a port from 0 to 65535"


def _endpoint_problems(endpoint: str) -> Iterator[str]:
    found = _ENDPOINT.fullmatch(endpoint)
    if endpoint and (found is None or not 0 < int(found[2]) < 65536):
        yield "is HOST:PORT, with a port from 1 to 65535"


def _index_problems(hosts: Sequence[str]) -> Iterator[str]:
    bad = [host for host in hosts if addresses.host_and_port(host) is None]
    if bad:
        yield f"holds HOST or HOST:PORT, not {bad[0]!r}"


def _key_file_problems(files: Sequence[str]) -> Iterator[str]:
    if any(not file.strip() for file in files):
        yield "holds an empty name; give the paths of PEM files"


_CHECKS: Mapping[str, Callable[[Any], Iterator[str]]] = {
    "database_url": _database_problems,
    "default_config": _config_name_problems,
    "limits": _each(limits_from),
    "quotas": _each(lambda one: quotas_from(one, Quotas())),
    "teams": _team_problems,
    "org_admins": _admin_problems,
    "instance_types": _each(instance_types_from),
    "allowed_index_hosts": _index_problems,
    "signing_key_files": _key_file_problems,
    "proxy_bind": _bind_problems,
    "proxy_public_endpoint": _endpoint_problems,
}


def host_and_port(bind: str) -> tuple[tuple[str, ...], int]:
    """``""``, ``HOST``, ``HOST:PORT`` or ``[HOST]:PORT``; 0 stands for a free port.

    :raises ValueError: for anything else.
    """
    parts = urlsplit(f"//{bind}")
    if parts.netloc != bind or "@" in bind or any(character.isspace() for character in bind):
        raise ValueError("not HOST:PORT")
    if bind and not parts.hostname:
        raise ValueError("a port without a host")
    return (() if parts.hostname is None else (parts.hostname,)), parts.port or 0


def _proxy_mistakes(values: Mapping[str, Any]) -> Iterator[Mistake]:
    """Tokens and data would travel in the clear, and nobody wanted that."""
    certificate, key = values["proxy_tls_cert"], values["proxy_tls_key"]
    hosts, _ = host_and_port(values["proxy_bind"])
    if bool(certificate) != bool(key):
        given, missing = ("cert", "key") if certificate else ("key", "cert")
        yield _mistake(f"proxy_tls_{given}", f"is set without proxy_tls_{missing}; set both or neither")
    elif not certificate and not all(map(is_loopback, hosts)):
        yield _mistake(
            "proxy_bind",
            f"does not listen on {', '.join(hosts)} without TLS, since session tokens would travel in the clear; set "
            "c.LakesailApp.proxy_tls_cert and c.LakesailApp.proxy_tls_key, or a loopback address",
        )


def _mistake(name: str, problem: str) -> Mistake:
    """The readers of traits name the trait at the front of what they say."""
    said = problem if problem.startswith(name) else f"{name}: {problem}" if problem.startswith("a ") else None
    sentence = f"c.LakesailApp.{said or f'{name} {problem}'}"
    return Mistake(("LakesailApp", name), sentence, sentence)


def _mistake_in(section: str, name: str | None, told: str, *, logged: str | None = None) -> Mistake:
    where = (*section.split("."), *(() if name is None else (name,)))
    prefix = f"c.{'.'.join(where)} "
    return Mistake(where, prefix + told, prefix + (logged or told))
