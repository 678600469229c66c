"""The mapping of somebody's own tables, found and not typed: `await propose(databases)`."""

from lib.mapping.proposal import RELATIONS, Proposal, Proposed
from lib.mapping.proposing import propose

__all__ = ["RELATIONS", "Proposal", "Proposed", "propose"]
