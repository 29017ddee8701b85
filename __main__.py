"""`python -m self_instruct` is the command line."""

from self_instruct.run import main

if __name__ == "__main__":
    main()
