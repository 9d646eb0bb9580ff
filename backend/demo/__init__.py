"""Demo: a working Enlace on a laptop, with no Google account.

In: a port and, if wished, mbox files. Out: a workspace whose people, deals and timeline come from the mail of `sample`
(or of the mbox files), served by the bundled Gmail emulator.
"""
