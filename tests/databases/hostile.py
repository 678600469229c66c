"""Libraries that nobody made on purpose: odd text, odd vectors, too much of everything or nothing.

Each maker fills an empty database that has the extensions vector and pg_trgm with both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from lib.demo.server import OWNER, DemoServer
from tests.databases.library import execute, insert

Maker = Callable[[str], None]

# No keys: a view or an import may hold anything twice. Ids are text, which may be anything.
TABLES = """
    CREATE TABLE events (
        id text, text text, book_id text, embedding vector, embedding_model text,
        created_at timestamptz
    );
    CREATE TABLE books (book_id text, title text, author text);
    CREATE TABLE chunks (chunk_id text, book_id text, chapter_number text, content text);
    CREATE TABLE chunk_embeddings (chunk_id text, embedding_model text, embedding vector);
"""
EVENT = ["id", "text", "book_id", "embedding", "embedding_model"]
BOOK = ["book_id", "title", "author"]
CHUNK = ["chunk_id", "book_id", "chapter_number", "content"]
VECTOR = ["chunk_id", "embedding_model", "embedding"]

# What touches this mark is markup: a page that shows it literally has escaped it. Nothing begins or
# ends with it, where a page may have markup of its own.
MARK = "zqz"
MARKUP = (
    "a <script>zqz</script> b",
    "a [zqz](javascript:zqz) b",
    "a ![zqz](http://zqz) b",
    "a :material/zqz: b",
    "a :red[zqz] b",
    "a :red-badge[zqz] b",
    "a :zqz: b",
    "a $zqz$ b",
    "a $$zqz$$ b",
    "a **zqz** b",
    "a `zqz` b",
    "a <zqz> b",
    "a ~~zqz~~ b",
    "a &lt;zqz&gt; b",
    "# a zqz b",
    "a | zqz | b",
    "a {zqz} {{zqz}} ${zqz} b",
    "datum.zqz + event.zqz",
    "a <!--zqz--> b",
    "a https://zqz.example b",
    "=a zqz(A1)",
    "../../a/zqz\\zqz/b",
    "a'; DROP TABLE books; --zqz b",
)
CONTROLS = (
    "a \u202ezqz\u202c b",
    "a \u2066zqz\u2069 b",
    "a\u200fzqz\u200e b",
    "a \x01\x02zqz\x1b[31m\x7f\x85 b",
    "a\nzqz\r\nb\tc",
    "a zqz" + "\u0301" * 500 + " b",
    "a\u200bzqz\ufeff b",
    "a zqz \U0001f469\u200d\U0001f680 \ufffd\ufffe",
)
BLANKS = ("", " ", "\t\n", "\u200b", "\u2060\u202e")
LONG = "a zqz long name " * 70
ODD = (*MARKUP, *CONTROLS, *BLANKS, LONG)

SENTENCE = (
    "in the beginning of every voyage an old sailor counted stars above the quiet harbour and "
    "wrote their names into a book that nobody else could read without a lamp"
)
WORDS = SENTENCE.split()


def sentence(n: int) -> str:
    """Words that stand in this order only in passage `n`, so that windows tell passages apart."""
    return " ".join(f"{word}{n}" if k % 3 == 0 else word for k, word in enumerate(WORDS))


def strange_text(dsn: str) -> None:
    """Every odd text as title, label, id, chapter, passage and highlight, some of them twice."""
    execute(dsn, TABLES)
    insert(dsn, "books", BOOK, [(f"book {odd}", odd, odd) for odd in ODD])
    insert(dsn, "books", BOOK, [("untitled", None, None), ("book # zqz", "again", None)])
    chunks: list[tuple[str | None, ...]] = []
    events: list[tuple[str | None, ...]] = []
    vectors = []
    for n, odd in enumerate(ODD):
        for part in range(3):
            number = 3 * n + part
            chunks.append((f"{odd}/{part}", f"book {odd}", odd, f"{sentence(number)} {odd}"))
            # Half of all under two labels, the others each under an odd one.
            label = odd if number % 2 else "own"
            vectors.append((f"{odd}/{part}", label, _vector(number)))
            label = odd if number % 3 else "own"
            events.append(
                (f"h{odd}/{part}", sentence(number) + odd, f"book {odd}", _vector(number), label)
            )
    chunks += [chunks[0], ("alone", None, None, "Of no book."), ("null", "untitled", None, None)]
    vectors += [*vectors[:3], ("gone", "own", _vector(3))]
    events += [events[0], ("none", None, None, None, None), ("empty", "", "no such book", None, "")]
    insert(dsn, "chunks", CHUNK, chunks)
    insert(dsn, "chunk_embeddings", VECTOR, vectors)
    insert(dsn, "events", EVENT, events)
    execute(
        dsn,
        "UPDATE events SET created_at = '0044-03-15 BC' WHERE ctid = '(0,1)'",
        "UPDATE events SET created_at = 'infinity' WHERE ctid = '(0,2)'",
        "UPDATE events SET created_at = '-infinity' WHERE ctid = '(0,3)'",
        "UPDATE events SET created_at = '294275-01-01' WHERE ctid = '(0,4)'",
    )


def faulty_vectors(dsn: str) -> None:
    """Zero, missing, huge, tiny and equal vectors, and several dimensions under one label."""
    _fill(dsn, passages=400, highlights=120, models=("mixed", "zero", "equal"))
    odd = ["[0,0,0,0]", "[3e38,3e38,3e38,3e38]", "[1e-38,0,0,0]", "[1,2]", "[1,2,3,4,5,6]"]
    for n, vector in enumerate(odd):
        for table, key in (("chunk_embeddings", "chunk_id"), ("events", "id")):
            execute(
                dsn,
                f"UPDATE {table} SET embedding = '{vector}' WHERE embedding_model = 'mixed'"
                f" AND hashtext({key}) % 9 = {n}",
            )
    for table in ("chunk_embeddings", "events"):
        execute(
            dsn,
            f"UPDATE {table} SET embedding = '[0,0,0,0]' WHERE embedding_model = 'zero'",
            f"UPDATE {table} SET embedding = '[1,1,1,1]' WHERE embedding_model = 'equal'",
            f"INSERT INTO {table} ({'chunk_id' if table == 'chunk_embeddings' else 'id'},"
            " embedding_model) SELECT 'n' || n, 'missing' FROM generate_series(1, 50) AS n",
        )


def no_highlights(dsn: str) -> None:
    """Books and vectors, and nobody who listened."""
    _fill(dsn)
    execute(dsn, "DELETE FROM events")


def no_passages(dsn: str) -> None:
    """Highlights of books that are not there; vectors of passages that are gone."""
    _fill(dsn)
    execute(dsn, "DELETE FROM chunks")


def no_embeddings(dsn: str) -> None:
    """Text on both sides and not one vector."""
    _fill(dsn)
    execute(dsn, "DELETE FROM chunk_embeddings", "UPDATE events SET embedding = NULL")


def nothing(dsn: str) -> None:
    """Four empty tables."""
    execute(dsn, TABLES)


def one_row(dsn: str) -> None:
    """One of each."""
    _fill(dsn, passages=1, highlights=1, books=1)


def without_books(dsn: str) -> None:
    """Highlights and passages that belong to no book, of books without a title."""
    _fill(dsn)
    execute(
        dsn,
        "UPDATE events SET book_id = NULL",
        "UPDATE chunks SET book_id = NULL WHERE hashtext(chunk_id) % 2 = 0",
        "UPDATE books SET title = NULL",
    )


def long_texts(dsn: str) -> None:
    """Two passages of ten megabytes, one of them a single word, and a highlight of one."""
    _fill(dsn, passages=40, highlights=12)
    execute(
        dsn,
        "UPDATE chunks SET content = repeat(content || ' <b>*x*</b> ', 56000) WHERE chunk_id = '7'",
        "UPDATE chunks SET content = repeat('x', 10 * 1024 * 1024) WHERE chunk_id = '8'",
        "UPDATE events SET text = repeat(text || ' ', 6000) WHERE id = '7'",
        "UPDATE books SET title = repeat(title, 20000) WHERE book_id = '1'",
    )


def many_books(dsn: str) -> None:
    """Ten thousand books under forty models: four hundred thousand vectors."""
    _fill(
        dsn,
        passages=10_000,
        highlights=1_000,
        books=10_000,
        models=[f"model-{n:02}" for n in range(40)],
    )


def many_labels(dsn: str) -> None:
    """A label of its own for each of thirty thousand rows: the wrong column was mapped."""
    _fill(dsn, passages=30_000, highlights=30_000, books=100)
    execute(
        dsn,
        "UPDATE chunk_embeddings SET embedding_model = 'label ' || chunk_id",
        "UPDATE events SET embedding_model = 'label ' || id",
    )


MAKERS: dict[str, Maker] = {
    maker.__name__: maker
    for maker in (
        strange_text,
        faulty_vectors,
        no_highlights,
        no_passages,
        no_embeddings,
        nothing,
        one_row,
        without_books,
        long_texts,
        many_books,
        many_labels,
    )
}


@contextmanager
def hostile_library(server: DemoServer, name: str) -> Iterator[str]:
    """The DSN of a fresh database that the maker of this name has filled."""
    database = f"hostile_{name}"
    execute(server.dsn(OWNER, OWNER), f"CREATE DATABASE {database}")
    dsn = server.dsn(database, OWNER)
    try:
        execute(dsn, "CREATE EXTENSION vector", "CREATE EXTENSION pg_trgm")
        MAKERS[name](dsn)
        execute(dsn, "ANALYZE")
        yield dsn
    finally:
        execute(server.dsn(OWNER, OWNER), f"DROP DATABASE {database} WITH (FORCE)")


def _vector(n: int, dimension: int = 4) -> str:
    return "[" + ",".join(str((n * 37 + k * 11) % 23 - 11.5) for k in range(dimension)) + "]"


def _fill(
    dsn: str,
    passages: int = 60,
    highlights: int = 30,
    books: int = 3,
    models: Sequence[str] = ("own", "other"),
) -> None:
    """Passages spread over books, a vector of each under each model, highlights of their words."""
    execute(dsn, TABLES)
    words = ", ".join(f"'{word}'" for word in WORDS)
    text = f"""
        (SELECT string_agg(CASE WHEN k % 3 = 1 THEN word || n ELSE word END, ' ' ORDER BY k)
         FROM unnest(ARRAY[{words}]) WITH ORDINALITY AS w(word, k))
    """
    vector = "format('[%s,%s,%s,%s]', n * 37 % 23 - 11.5, n * 53 % 29 - 14.5, n % 7, m)::vector"
    labels = ", ".join(f"'{model}'" for model in models)
    execute(
        dsn,
        f"INSERT INTO books SELECT n::text, 'Title ' || n FROM generate_series(1, {books}) AS n",
        f"""
        INSERT INTO chunks SELECT n::text, (1 + n % {books})::text, (n % 9)::text, {text}
        FROM generate_series(1, {passages}) AS n
        """,
        f"""
        INSERT INTO chunk_embeddings SELECT n::text, model, {vector}
        FROM generate_series(1, {passages}) AS n,
             unnest(ARRAY[{labels}]) WITH ORDINALITY AS models(model, m)
        """,
        f"""
        INSERT INTO events
        SELECT n::text, {text}, (1 + n % {books})::text, {vector},
               (ARRAY[{labels}])[m], '2024-01-01'::timestamptz + n * interval '1 hour'
        FROM (SELECT n, 1 + n % {len(models)} AS m FROM generate_series(1, {highlights}) AS n) AS h
        """,
    )
