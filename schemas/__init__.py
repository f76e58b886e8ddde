"""What is on the wire: records, envelope, ids, topics. Imports nothing of ours and does no I/O (schemas/README.md)."""
