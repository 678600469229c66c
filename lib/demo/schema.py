"""The tables and indexes of the demo's two databases, as a careful owner would have them."""

from __future__ import annotations

from lib.demo.models import DIMENSIONS, RANDOM_INDEXING, WORDLLAMA
from lib.demo.server import READER

LIFE_DASHBOARD_TABLES = f"""
    CREATE EXTENSION vector;
    CREATE TABLE events (
        id integer PRIMARY KEY,
        text text NOT NULL,
        book_id integer,
        embedding vector({DIMENSIONS}),
        embedding_model text,
        created_at timestamptz NOT NULL
    );
    CREATE TABLE demo_planted (
        kind text NOT NULL,
        id integer NOT NULL,
        label text,
        looks_like text,
        first_chunk integer,
        last_chunk integer
    );
"""

LIFE_DASHBOARD_INDEXES = {
    "events by book": "CREATE INDEX events_book ON events (book_id)",
    "events by model": "CREATE INDEX events_model ON events (embedding_model)",
    "events by date": "CREATE INDEX events_created ON events (created_at)",
}

KNOWLEDGE_BASE_TABLES = f"""
    CREATE EXTENSION vector;
    CREATE EXTENSION pg_trgm;
    CREATE TABLE books (
        book_id integer PRIMARY KEY,
        title text NOT NULL,
        author text
    );
    CREATE TABLE chunks (
        chunk_id integer PRIMARY KEY,
        book_id integer NOT NULL REFERENCES books,
        chapter_number integer,
        content text NOT NULL
    );
    CREATE TABLE chunk_embeddings (
        chunk_id integer NOT NULL,
        embedding_model text NOT NULL,
        embedding vector({DIMENSIONS}) NOT NULL
    );
    -- A library this small fits in memory: keeping vectors in their rows halves every scan.
    ALTER TABLE chunk_embeddings ALTER COLUMN embedding SET STORAGE PLAIN;
    CREATE TABLE demo_planted (
        kind text NOT NULL,
        id integer NOT NULL,
        label text,
        looks_like text
    );
"""

KNOWLEDGE_BASE_INDEXES = {
    "embeddings by passage and model": (
        "ALTER TABLE chunk_embeddings ADD PRIMARY KEY (chunk_id, embedding_model)"
    ),
    "embeddings to passages": (
        "ALTER TABLE chunk_embeddings ADD FOREIGN KEY (chunk_id) REFERENCES chunks"
    ),
    "embeddings by model": (
        "CREATE INDEX chunk_embeddings_model ON chunk_embeddings (embedding_model, chunk_id)"
    ),
    "passages by book": "CREATE INDEX chunks_book ON chunks (book_id, chunk_id)",
    "passages by trigrams": (
        "CREATE INDEX chunks_content_trgm ON chunks USING gin (content gin_trgm_ops)"
    ),
}

# What keeps recall@10 above .95 in a search among 100 candidates; more only takes longer to build.
INDEX_BREADTH = {WORDLLAMA: 40, RANDOM_INDEXING: 64}

VECTOR_INDEXES = {
    f"vectors of {model}": (
        f"CREATE INDEX chunk_embeddings_{model.partition('-')[0]}_hnsw ON chunk_embeddings"
        f" USING hnsw (embedding vector_cosine_ops) WITH (ef_construction = {breadth})"
        f" WHERE embedding_model = '{model}'"
    )
    for model, breadth in INDEX_BREADTH.items()
}

# What was planted is for the tests: the role that the app uses cannot see it.
GRANTS = {
    "life_dashboard": f"GRANT SELECT ON events TO {READER}",
    "knowledge_base": f"GRANT SELECT ON books, chunks, chunk_embeddings TO {READER}",
}
