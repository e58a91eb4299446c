"""python -m _standalone_runtime [verify]"""

import sys

if sys.argv[1:2] == ["verify"]:
    from _standalone_runtime.verify import main
    sys.exit(main(sys.argv[2:]))

from _standalone_runtime.doctor import main

sys.exit(main())
