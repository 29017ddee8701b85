"""Run the command line with waits a hundredth as long as usual.

python weathered_run.py ARGUMENTS OF run.py
"""

from self_instruct import run
from self_instruct.chains.models import retrying as weather

if __name__ == "__main__":
    weather.FIRST_WAIT_S /= 100
    run.main()
