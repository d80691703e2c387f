"""What docs/gpu.md says of the two programs for a machine with a device is so."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "gpu.md").read_text()

WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent}:
            raise ImportError(name)

sys.meta_path.insert(0, Absent())
import bench.device
import processors.embed.processor
import processors.digits.processor
import processors.testing_cuda
"""


def test_a_bare_machine_needs_no_more_than_the_page_lists() -> None:
    absent = {"aiohttp", "confluent_kafka", "fastavro", "faust", "prometheus_client", "psutil", "rich", "structlog"}
    program = WITHOUT.format(absent=sorted(absent))
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_page_says_whether_figures_of_a_gpu_are_recorded() -> None:
    file = ROOT / "bench" / "results" / "device.json"
    rows = json.loads(file.read_text()) if file.is_file() else []
    recorded = any("cuda" in row["name"] for row in rows)
    assert ("No figures from a GPU are recorded yet" in PAGE) is not recorded
