# ruff: noqa: S608 - the only name put into SQL is the index's own
"""Full-text search that both databases carry: FTS5 in SQLite, `tsvector` with GIN in PostgreSQL.

An index holds one document for each row of some table, by that row's id. Documents and queries pass `kit.text.fold`, so
that neither case nor accents matter; words are not stemmed, because mail mixes languages. The last word of a query also
matches as a beginning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import DDL, BigInteger, Column, MetaData, Select, Table, column, event, func, select, table, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Session

from backend.kit.text import fold

DOCUMENT_LIMIT = 100_000  # characters: a tsvector may not exceed 1 MB, and nobody searches further down
_WORD = re.compile(r"\w+")
_BREAKS = {i: " " for i in range(128) if not _WORD.match(chr(i))}  # what ends a word in ASCII


class SearchIndex:
    """One index by its table's name; `statements(dialect)` are what a migration runs to make it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._sqlite = table(name, column("rowid"), column("document"), column(name))
        self._postgresql = Table(
            name, MetaData(), Column("id", BigInteger, primary_key=True), Column("document", TSVECTOR)
        )

    def statements(self, dialect: str) -> tuple[str, ...]:
        """The DDL that makes the index."""
        if dialect == "sqlite":
            tokenizer = "unicode61 remove_diacritics 2"
            return (f"CREATE VIRTUAL TABLE {self.name} USING fts5(document, content='', tokenize='{tokenizer}')",)
        return (
            f"CREATE TABLE {self.name} (id BIGINT PRIMARY KEY, document TSVECTOR NOT NULL)",
            f"CREATE INDEX ix_{self.name}_document ON {self.name} USING gin (document)",
        )

    def attach(self, metadata: MetaData) -> None:
        """Make the index whenever `metadata.create_all` makes the tables."""
        for dialect in ("sqlite", "postgresql"):
            for statement in self.statements(dialect):
                event.listen(metadata, "after_create", _ddl(statement, dialect))

    def add(self, session: Session, documents: Sequence[tuple[int, str]]) -> None:
        """Index `(id, document)` pairs that are not in the index yet."""
        if not documents:
            return
        if _is_sqlite(session):
            statement = text(f"INSERT INTO {self.name} (rowid, document) VALUES (:id, :document)")
            session.execute(statement, [{"id": i, "document": searchable(d)} for i, d in documents])
            return
        statement_pg = text(f"INSERT INTO {self.name} (id, document) VALUES (:id, to_tsvector('simple', :document))")
        session.execute(statement_pg, [{"id": i, "document": searchable(d)} for i, d in documents])

    def remove(self, session: Session, documents: Sequence[tuple[int, str]]) -> None:
        """Take `(id, document)` pairs out; SQLite needs the very text that was added."""
        if not documents:
            return
        if _is_sqlite(session):
            statement = text(
                f"INSERT INTO {self.name} ({self.name}, rowid, document) VALUES ('delete', :id, :document)"
            )
            session.execute(statement, [{"id": i, "document": searchable(d)} for i, d in documents])
            return
        session.execute(self._postgresql.delete().where(self._postgresql.c.id.in_([i for i, _ in documents])))

    def matching(self, session: Session, query: str) -> Select[tuple[int]] | None:
        """A SELECT of the ids whose documents hold every word of `query`; None where it holds no word at all."""
        words = _WORD.findall(fold(query))
        if not words:
            return None
        if _is_sqlite(session):
            match = " ".join(f'"{w}"' for w in words[:-1]) + f' "{words[-1]}"*'
            return select(self._sqlite.c.rowid).where(self._sqlite.c[self.name].op("MATCH")(match.strip()))
        terms = " & ".join([*(f"'{w}'" for w in words[:-1]), f"'{words[-1]}':*"])
        c = self._postgresql.c
        return select(c.id).where(c.document.op("@@")(func.to_tsquery("simple", terms)))


def searchable(document: str) -> str:
    """Return `document` as it is indexed: folded, cut, and with joiners between words opened up.

    PostgreSQL's parser keeps "ana@example.com" and "a-b" whole where FTS5 divides them; dividing them here makes both
    find the same.
    """
    text = fold(document[:DOCUMENT_LIMIT])
    return text.translate(_BREAKS) if text.isascii() else " ".join(_WORD.findall(text))  # a fifth of the time


def _ddl(statement: str, dialect: str) -> Any:
    ddl: Any = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]  # SQLAlchemy left its __init__ untyped
    return ddl.execute_if(dialect=dialect)


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
