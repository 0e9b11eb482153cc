"""F19: whole days of storms, lies, silence and kills on a simulated clock; see tests/day."""

from collections import Counter

from tests.chaos import Figure, Plan
from tests.day import judge, run

DAYS, DAYS_IN_SHORT = 12, 1


def measure(plan: Plan) -> Figure:
    """Live through some days, each of a seed of its own."""
    days, every = (DAYS, 5) if plan.is_long else (DAYS_IN_SHORT, 20)
    reached: Counter[str] = Counter({"days": 0})
    broken: list[str] = []
    for number in range(days):
        folder = plan.folder / f"day-{number}"
        folder.mkdir()
        with run.lived(folder, run.Plan(seed=plan.seed + number, every=every)) as day:
            came = judge.judged(day)
        broken += [f"day {plan.seed + number}: {each}" for each in came.broken]
        reached["days"] += 1
        reached += Counter({name: value for name, value in came.reached.items() if isinstance(value, int)})
    wanted = f"{days} days: every reachable post stored once, no page paid twice, every gap named"
    return Figure(name="F19 simulated days", wanted=wanted, reached=dict(reached), broken=tuple(broken[:20]))
