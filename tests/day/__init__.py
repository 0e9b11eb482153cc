"""A simulated day: platforms that storm, lie and fall silent, workers that are killed, a clock that only the store has.

`python -m tests.day --seed 7 --every 5` lives through one and says in a line of JSON what came of it. Everything speaks
real HTTP and to a real store; only time is simulated, and years away from the machine's: whatever asks the machine for
it reads the wrong windows.

    platforms.py   what is shown when, what goes wrong when, and a ledger of each answer; a platform joins PLATFORMS
    clock.py       a connection whose every script runs on the day's clock, and that dies when it is told to
    run.py         workers, one job at a time; kills between any two steps; and the judge
"""
