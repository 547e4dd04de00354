"""Reading what a process shows to Prometheus."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from tests.driver import World


@dataclass(frozen=True, kw_only=True)
class Scrape:
    """One reading: the text, and its samples."""

    text: str

    def value(self, name: str, **labels: str) -> float | None:
        """The sum of the samples of this name that carry these labels; None where there is none."""
        values = [
            sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return sum(values) if values else None

    def words(self) -> set[str]:
        """Every value of a label of ours."""
        return {
            value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
            if sample.name.startswith("portico_")
            for value in sample.labels.values()
        }


async def server_metrics(world: World) -> Scrape:
    answer = await world.http.get(f"{world.base_url}/metrics", headers={"authorization": "Bearer operator-token"})
    assert answer.status_code == 200, answer.text
    return Scrape(text=answer.text)


async def worker_metrics(world: World) -> Scrape:
    answer = await world.http.get(f"http://127.0.0.1:{world.stack.plan.metrics_port}/metrics")
    assert answer.status_code == 200, answer.text
    return Scrape(text=answer.text)
