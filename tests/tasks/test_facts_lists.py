"""The lists of facts against what else is known of the same things."""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from pathlib import Path

import pytest

from fairforget_tasks.public_facts.countries import COUNTRIES
from fairforget_tasks.public_facts.elements import ELEMENTS
from fairforget_tasks.public_facts.fact import bare, plain, read_pairs
from fairforget_tasks.public_facts.relations import LISTS
from fairforget_tasks.public_facts.states import STATES

TABLE = """
HHe LiBeBCNOFNe NaMgAlSiPSClAr KCaScTiVCrMnFeCoNiCuZnGaGeAsSeBrKr RbSrYZrNbMoTcRuRhPdAgCdInSnSbTeIXe
CsBaLaCePrNdPmSmEuGdTbDyHoErTmYbLuHfTaWReOsIrPtAuHgTlPbBiPoAtRn
FrRaAcThPaUNpPuAmCmBkCfEsFmMdNoLrRfDbSgBhHsMtDsRgCnNhFlMcLvTsOg
"""
"""The rows of the periodic table, as they hang on a wall."""

ROWS = (2, 8, 8, 18, 18, 32, 32)

LATIN = {
    "sodium": "natrium", "potassium": "kalium", "iron": "ferrum", "copper": "cuprum", "silver": "argentum",
    "tin": "stannum", "antimony": "stibium", "tungsten": "wolfram", "gold": "aurum", "mercury": "hydrargyrum",
    "lead": "plumbum",
}  # fmt: skip
"""The names that eleven symbols come from."""

ACCENTED = {"Brasília", "Yaoundé", "Bogotá", "San José", "Reykjavík", "Malé", "Chișinău", "Asunción", "Lomé"}


def pairs(text):
    return [(pair.left[0], pair.right[0]) for pair in read_pairs(text)]


def test_the_elements_are_those_of_the_periodic_table():
    found = [symbol for _, symbol in pairs(ELEMENTS)]
    assert found == re.findall("[A-Z][a-z]?", TABLE)
    assert [len(re.findall("[A-Z][a-z]?", row)) for row in TABLE.split()] == list(ROWS)


def test_a_symbol_abbreviates_the_name_or_the_latin_one():
    for name, symbol in pairs(ELEMENTS):
        first, *rest = symbol.casefold()
        word = LATIN.get(name, name)
        assert word[0] == first, name
        assert all(letter in word[1:] for letter in rest), name
    # None of the eleven would do by its English name: the list of exceptions has no idle line.
    for name, latin in LATIN.items():
        symbol = dict(pairs(ELEMENTS))[name].casefold()
        assert not (name[0] == symbol[0] and all(c in name[1:] for c in symbol[1:])), latin


def test_noble_gases_and_halogens_stand_where_they_do():
    names = [name for name, _ in pairs(ELEMENTS)]
    assert [names[n - 1] for n in (2, 10, 18, 36, 54, 86)] == ["helium", "neon", "argon", "krypton", "xenon", "radon"]
    assert [names[n - 1] for n in (9, 17, 35, 53, 85)] == ["fluorine", "chlorine", "bromine", "iodine", "astatine"]
    assert [names[n - 1] for n in (26, 47, 79, 92)] == ["iron", "silver", "gold", "uranium"]


def zone_cities():
    """City -> names of the countries it is in, by the time zone database."""
    for folder in map(Path, zoneinfo.TZPATH):
        if (folder / "zone.tab").exists() and (folder / "iso3166.tab").exists():
            break
    else:
        pytest.skip("this machine has no table of time zones")
    rows = [
        line.split("\t")
        for name in ("iso3166.tab", "zone.tab")
        for line in (folder / name).read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    names = {row[0]: row[1] for row in rows if len(row) == 2}
    found = {}
    for row in rows:
        if len(row) > 2:
            city = row[2].rpartition("/")[2].replace("_", " ")
            found.setdefault(plain(city).casefold(), set()).add(plain(names[row[0]]))
    return found


ELSEWHERE = {
    "the United Kingdom": "Britain (UK)",
    "the Democratic Republic of the Congo": "Congo (Dem. Rep.)",
    "the Republic of the Congo": "Congo (Rep.)",
    "the Central African Republic": "Central African Rep.",
    "North Korea": "Korea (North)",
    "South Korea": "Korea (South)",
    "the Federated States of Micronesia": "Micronesia",
    "Samoa": "Samoa (western)",
    "Antigua and Barbuda": "Antigua & Barbuda",
    "Trinidad and Tobago": "Trinidad & Tobago",
    "Bosnia and Herzegovina": "Bosnia & Herzegovina",
    "Saint Kitts and Nevis": "St Kitts & Nevis",
    "Saint Lucia": "St Lucia",
    "Saint Vincent and the Grenadines": "St Vincent",
}
"""What the time zone database calls them."""


def test_capitals_that_name_a_time_zone_are_in_that_country():
    cities, checked, strange = zone_cities(), 0, []
    for pair in read_pairs(COUNTRIES):
        for city in pair.right:
            where = cities.get(plain(city).casefold())
            if where is None:
                continue
            country = pair.left[0]
            checked += 1
            if ELSEWHERE.get(country, bare(country)) not in where:
                strange.append((country, city, where))
    assert not strange
    assert checked > 90


@pytest.mark.parametrize(("name", "count"), [("country", 160), ("element", 118), ("state", 49)])
def test_every_name_stands_once(name, count):
    found = list(read_pairs(LISTS[name]))
    assert len(found) == count
    for side in ("left", "right"):
        names = [plain(text).casefold() for pair in found for text in getattr(pair, side)]
        assert len(set(names)) == len(names)
    order = [plain(bare(pair.left[0])) for pair in found]
    if name == "state":
        assert order == sorted(order)


def test_states_are_fifty_but_one():
    names = [name for name, _ in pairs(STATES)]
    assert "Oklahoma" not in names
    # So many begin with each letter, as anyone can count on a map; Oklahoma would be the third of O.
    counts = {letter: sum(name[0] == letter for name in names) for letter in "ACDFGHIKLMNOPRSTUVW"}
    assert counts == dict(
        zip("ACDFGHIKLMNOPRSTUVW", (4, 3, 1, 1, 1, 1, 4, 2, 1, 8, 8, 2, 1, 1, 2, 2, 1, 2, 4), strict=True)
    )


@pytest.mark.parametrize("name", LISTS)
def test_no_answer_is_in_its_question(name):
    for pair in read_pairs(LISTS[name]):
        left, right = ({word.casefold() for text in side for word in words(text)} for side in (pair.left, pair.right))
        assert not left & right, pair


def words(text):
    return re.findall(r"[^\W_]+", plain(text))


@pytest.mark.parametrize("name", LISTS)
def test_spelling_is_clean(name):
    text = LISTS[name]
    assert text == unicodedata.normalize("NFC", text)
    for line in text.splitlines():
        assert re.fullmatch(r"[^\W\d_][^:|\d]*( \| [^:|]+)*: [^:|\d]+( \| [^:|]+)*", line), line
        assert "  " not in line
        assert line == line.strip()
        assert all(c.isascii() or unicodedata.name(c).startswith("LATIN") for c in line), line
        # An accent apart from a letter of the Latin alphabet would be a slip of the keyboard.
        assert plain(line).isascii(), line


def test_the_accented_capitals_are_those_that_english_writes_so():
    assert {city for _, city in pairs(COUNTRIES) if not city.isascii()} == ACCENTED
