"""Checks both databases step by step, from the socket to the privileges, and says what to do next.

`reaching` knocks at the servers, `sessions` logs in, `standing` looks at tables, columns and types,
`contents` at rows and indexes, `permitted` at what the role may do; `examining` runs them all.
"""

from lib.databases.doctor.checks import STEPS, Check, State
from lib.databases.doctor.examining import examine

__all__ = ["STEPS", "Check", "State", "examine"]
