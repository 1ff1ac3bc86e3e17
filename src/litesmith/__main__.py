"""`python -m litesmith`."""

import sys

from litesmith.cli.main import main

sys.exit(main())
