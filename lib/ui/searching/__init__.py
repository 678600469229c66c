"""The sections of the Search page: what is asked, where, under which model, and what was found."""
