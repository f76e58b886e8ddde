"""Real Kafka and Postgres for development, started from Python: no Docker, no Java, no database of one's own."""
