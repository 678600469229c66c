"""What every section of the settings is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# PostgreSQL counts milliseconds, and takes none of them for no limit.
Seconds = Annotated[float, Field(ge=0.001, le=86_400, allow_inf_nan=False)]


class Section(BaseModel):
    """A section with the keys of its class and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)
