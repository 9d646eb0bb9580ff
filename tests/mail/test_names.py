"""First and last name, guessed."""

from __future__ import annotations

import pytest

from backend.mail.names import guess_names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Jane Doe", ("Jane", "Doe")),
        ("Doe, Jane", ("Jane", "Doe")),
        ("García López, Ana", ("Ana", "García López")),
        ("JANE DOE", ("Jane", "Doe")),
        ("jane doe", ("Jane", "Doe")),
        ("Jane Doe (Acme)", ("Jane", "Doe")),
        ("Jane Doe | Acme", ("Jane", "Doe")),
        ("Jane Doe via Docs", ("Jane", "Doe")),
        ("Dr. Jane Doe", ("Jane", "Doe")),
        ("Jane Doe, PhD", ("Jane", "Doe")),
        ("Jane Doe, Acme Inc.", ("Jane", "Doe")),
        ("Jane Q. Doe", ("Jane Q.", "Doe")),
        ("Ana María García López", ("Ana María", "García López")),
        ("Carlos de la Fuente", ("Carlos", "de la Fuente")),
        ("Ludwig van der Berg", ("Ludwig", "van der Berg")),
        ("Jane", ("Jane", "")),
        ("Kim Berg", ("Kim", "Berg")),
        ("Sandra Ingram Bell", ("Sandra", "Ingram Bell")),
    ],
)
def test_a_display_name_is_divided_as_its_owner_would(name: str, expected: tuple[str, str]) -> None:
    assert guess_names(name, "x@north.example") == expected


@pytest.mark.parametrize(
    ("name", "email", "expected"),
    [
        ("", "jane.doe@north.example", ("Jane", "Doe")),
        ("jane.doe@north.example", "jane.doe@north.example", ("Jane", "Doe")),
        ("", "jdoe@north.example", ("", "")),
        ("", "info@north.example", ("", "")),
        ("", "j.d@north.example", ("", "")),
        ("North Support", "no-reply@north.example", ("", "")),
        ("North GmbH", "office@north.example", ("", "")),
    ],
)
def test_an_address_helps_only_where_it_spells_the_name(name: str, email: str, expected: tuple[str, str]) -> None:
    assert guess_names(name, email) == expected
