"""Gmail: everything that is known about Gmail, behind one door.

In: the verbs of `gateway.Gmail`, each bound to one mailbox. Out: `shapes`, or an error of `errors` that says what to
do. `google` is the real client, `emulator` is a Gmail of our own (in process and over HTTP); all pass one contract
suite.
"""
