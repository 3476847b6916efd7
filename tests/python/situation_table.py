"""All situations, in the order in which they are run."""

from __future__ import annotations

import situations_arcs
import situations_clips
import situations_edits
import situations_files
import situations_schemas
import situations_stages
import situations_values

SITUATIONS = [
    *situations_arcs.SITUATIONS,
    *situations_clips.SITUATIONS,
    *situations_values.SITUATIONS,
    *situations_schemas.SITUATIONS,
    *situations_stages.SITUATIONS,
    *situations_edits.SITUATIONS,
    *situations_files.SITUATIONS,
]
