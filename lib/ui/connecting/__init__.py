"""The sections of the Connect page, and what is shown elsewhere where connecting fails.

`steps` tells the doctor's checks, `finding` proposes a mapping, `role` tells of privileges,
`privileges` remembers them, `failing` stands in the place of a page, `warning` is one line on every
other page.
"""
