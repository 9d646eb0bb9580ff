"""Records: contacts, companies and deals (and later every custom folder's entries) in one identity space.

In: what people type and what linking makes out of correspondence. Out: records by id, by address, by domain, by deal
reference; every other room (links, notes, timeline, audit) knows them by the record's id alone.
"""
