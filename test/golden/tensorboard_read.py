"""Prints what TensorBoard finds in a run's folder, as JSON: python tensorboard_read.py FOLDER"""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run = EventAccumulator(sys.argv[1], purge_orphaned_data=True)
run.Reload()
tags = run.Tags()
print(
    json.dumps(
        {
            "scalars": {tag: [[e.step, e.value] for e in run.Scalars(tag)] for tag in tags["scalars"]},
            "images": {
                tag: [[e.step, e.width, e.height, e.encoded_image_string.hex()] for e in run.Images(tag)]
                for tag in tags["images"]
            },
        }
    )
)
