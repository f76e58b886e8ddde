"""Who takes part."""

from bench.peers.subject import Entry

ONECASE = "onecase"
ROSTER = {
    "tfidf": Entry(
        "bench.peers.tfidf",
        "TF-IDF nearest neighbour",
        "scikit-learn, hashed character bigrams, idf fitted on the reference texts, exact search over all earlier reports",
        ("scikit-learn", "scipy", "numpy"),
    ),
    "minhash": Entry(
        "bench.peers.minhash",
        "MinHash LSH + rapidfuzz",
        "datasketch, 128 bands of 2 over uncommon character bigrams; rapidfuzz orders the candidates by bigrams and titles",
        ("datasketch", "rapidfuzz"),
    ),
    "trgm": Entry(
        "bench.peers.trgm",
        "Postgres pg_trgm",
        "trigram similarity of whole texts, nearest neighbours by a GiST index, UTF-8 locale, a commit a report, over a unix socket",
        ("asyncpg",),
    ),
    "splink": Entry(
        "bench.peers.splink_live",
        "Splink, live",
        "`compare_records` in DuckDB over the 20 reports that share most rare bigrams; m from the gold labels, u from random pairs",
        ("splink", "duckdb", "pyarrow"),
    ),
    ONECASE: Entry(
        "bench.peers.onecase",
        "onecase",
        "its matcher with the shipped pack and lines, in memory as in its worker; the model fitted anew for each fold of cases",
        ("onecase",),
        lines=(1.0, 0.5),
    ),
}
