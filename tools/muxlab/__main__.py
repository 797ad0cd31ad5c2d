import sys

try:
    from muxlab.cli import main
except KeyboardInterrupt:  # loading takes a moment, and Ctrl-C may come in it
    sys.exit(130)

sys.exit(main(sys.argv[1:]))
