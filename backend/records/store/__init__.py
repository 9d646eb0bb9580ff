"""Records in the database: the only place with their `select()`.

`lookup` finds them by what a mail knows, `reading` shows them, `writing` makes and changes rows.
"""
