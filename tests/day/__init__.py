"""A simulated day: platforms that storm, lie and fall silent, workers that are killed, a clock that only the store has.

`python -m tests.day --seed 7 --every 5` lives through one and says in a line of JSON what came of it. Everything speaks
real HTTP and real websockets, and to a real store; only time is simulated, and years away from the machine's: whatever
asks the machine for it reads the wrong windows.

    platforms.py                     what is shown when, what goes wrong when, a ledger of each answer; the simplest two
    x_day.py mastodon_day.py bluesky_day.py      platforms with a meter, with instances, with a stream and a search
    clock.py                         a connection whose every script runs on the day's clock, and that dies when told to
    listening.py                     the product's runner of streams, in lumps of some minutes
    run.py                           workers, one job at a time; kills between any two steps; looking back at its end
    judge.py                         what platforms showed, answered and billed, beside what the store holds and says

A platform joins PLATFORMS in run.py.
"""
