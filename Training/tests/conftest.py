"""Run by hand: `python -m pytest tests` in `Training/`; it is not part of CI."""

import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))
