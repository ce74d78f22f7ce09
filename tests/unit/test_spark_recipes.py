"""What is kept of the plans of a Spark session, so that another one can have what it held."""

from __future__ import annotations

from lakesail_notebook.spark.belongings.plan_effects import Belonging, Kind
from lakesail_notebook.spark.belongings.recipes import BEYOND, Recipes, changes


def belonging(name: str, kind: Kind = "temp view") -> Belonging:
    return Belonging(kind, name)


def order(recipes: Recipes) -> list[bytes | None]:
    return [one.plan for one in recipes.in_order]


def test_a_replaced_view_is_not_kept() -> None:
    recipes = Recipes()
    recipes.made(belonging("a"), b"old")
    recipes.made(belonging("b"), b"b")
    recipes.made(belonging("a"), b"new")
    assert order(recipes) == [b"b", b"new"]


def test_a_replaced_view_is_kept_while_another_one_was_made_of_it() -> None:
    recipes = Recipes()
    recipes.made(belonging("a"), b"old")
    recipes.made(belonging("b"), b"b", {"a"})
    recipes.made(belonging("a"), b"new")
    assert order(recipes) == [b"old", b"b", b"new"]
    assert [one.plan for one in recipes.current] == [b"b", b"new"]
    recipes.dropped(belonging("b"))
    assert order(recipes) == [b"new"]


def test_a_view_of_its_own_old_form_keeps_it() -> None:
    recipes = Recipes()
    for number in range(3):
        recipes.made(belonging("a"), b"%d" % number, {"a"} if number else ())
    assert order(recipes) == [b"0", b"1", b"2"]


def test_names_of_functions_have_no_case_and_names_of_views_have() -> None:
    recipes = Recipes()
    recipes.made(belonging("Plus", "function"), b"plus")
    recipes.made(belonging("a"), b"a", {"PLUS"})
    recipes.made(belonging("plus", "function"), b"other")
    recipes.made(belonging("A"), b"A")
    assert order(recipes) == [b"plus", b"a", b"other", b"A"]


def test_what_is_beyond_the_limit_is_not_kept_and_makes_room_once_it_is_dropped() -> None:
    recipes = Recipes(limit_bytes=10)
    recipes.made(belonging("a"), b"12345678")
    recipes.made(belonging("b"), b"123")
    assert [(one.plan, one.why_not) for one in recipes.current] == [(b"12345678", ""), (None, BEYOND)]
    recipes.dropped(belonging("a"))
    recipes.made(belonging("c"), b"123")
    assert order(recipes) == [None, b"123"]


def test_each_remembers_the_settings_that_it_was_made_under() -> None:
    recipes = Recipes()
    recipes.set("zone", "Europe/Paris")
    recipes.made(belonging("a"), b"a")
    recipes.set("zone", "UTC")
    recipes.set("ansi", "false")
    recipes.unset("ansi")
    recipes.made(belonging("b"), b"b")
    assert [dict(one.settings) for one in recipes.current] == [{"zone": "Europe/Paris"}, {"zone": "UTC"}]
    assert dict(recipes.settings) == {"zone": "UTC"}


def test_settings_are_kept_in_the_order_in_which_they_were_set_last() -> None:
    recipes = Recipes()
    for name, value in (("current database", b"USE a"), ("current catalog", b"USE CATALOG c")):
        recipes.set(name, value)
    recipes.set("current database", b"USE b")
    assert [value for _, value in changes({}, recipes.settings)] == [b"USE CATALOG c", b"USE b"]


def test_settings_change_by_what_differs() -> None:
    assert list(changes({"a": "1", "b": "2"}, {"a": "1", "c": "3"})) == [("c", "3"), ("b", None)]
    assert list(changes({}, {})) == []
