"""`python -m onecase`."""

from onecase.cli import main

main()
