"""A Gmail of our own: mailboxes in SQLite behind Gmail's REST verbs, for the demo, the tests and the benchmarks.

In: mail (`load`, `Emulator.deliver`, the API's own verbs), a clock, a seed, faults by name.
Out: Gmail's JSON through two doors that share one core: `gateway.EmulatorGmail` in process, `http` for any program that
speaks Gmail's API; plus what belongs around it: OAuth, batches, uploads, Pub/Sub push.

core.Emulator     mailboxes, quota, faults → the verb → push
├── verbs/        one module a resource: the request read, the JSON answered
├── mailbox       what a mailbox holds: messages, labels, threads and the history of every change
├── store         the SQLite schema, ids, transactions
└── reading, query, render, delivery, …   what each verb needs
"""
