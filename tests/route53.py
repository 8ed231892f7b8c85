"""Whether Route 53 would take a change batch, by Amazon's own model of its requests.

Run as `python -P route53.py ZONE FILE`: what is wrong is printed, and the exit status is 1.
It is a program, so that botocore is imported in no process of the tests.
"""

import json
import sys
from pathlib import Path

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator


def complaint(zone: str, batch: object) -> str:
    """What is wrong with a request; empty if nothing is."""
    model = ServiceModel(Loader().load_service_model("route53", "service-2"))
    shape = model.operation_model("ChangeResourceRecordSets").input_shape
    request = {"HostedZoneId": zone, "ChangeBatch": batch}
    report = ParamValidator().validate(request, shape)
    return str(report.generate_report()) if report.has_errors() else ""


if __name__ == "__main__":
    sys.exit(complaint(sys.argv[1], json.loads(Path(sys.argv[2]).read_text("utf-8"))) or 0)
