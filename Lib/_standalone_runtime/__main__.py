"""python -m _standalone_runtime"""

import sys

from _standalone_runtime.doctor import main

sys.exit(main())
