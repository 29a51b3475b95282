"""`python -m mvae` is `mvae`; torchrun needs the module."""

from mvae.app import main

if __name__ == "__main__":
    main()
