"""Pub/Sub's push: posts each queued notice to an endpoint until the endpoint accepts it."""

from __future__ import annotations

from threading import Event, Thread

import requests

from backend.gmail.emulator import push
from backend.gmail.emulator.core import Emulator

_TIMEOUT_S = 10
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 60.0


class Pusher:
    """Pushes to `endpoint`, once it is set, with an identity token of the subscription's service account."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._endpoint = ""
        self._audience = ""
        self._service_account = ""
        self._woken = Event()
        self._closing = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def push_to(
        self,
        endpoint: str,
        *,
        audience: str = "",
        service_account: str = "push@enlace-emulator.iam.gserviceaccount.com",
    ) -> None:
        """Set the subscription's push endpoint; the audience is the endpoint itself unless given."""
        self._endpoint, self._audience, self._service_account = endpoint, audience or endpoint, service_account
        self._woken.set()

    def start(self) -> None:
        """Push whatever is queued from now on."""
        self._emulator.on_notices = self._woken.set
        self._thread.start()

    def close(self) -> None:
        """Stop; what is not accepted stays queued."""
        self._closing.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()

    def push_once(self) -> bool:
        """Post every queued notice once; False where one was not accepted and must be posted again."""
        if not self._endpoint:
            return True
        for notice in push.pull(self._emulator.store):
            if not self._is_accepted(notice):
                return False
            push.acknowledge(self._emulator.store, [notice.ack_id])
        return True

    def _is_accepted(self, notice: push.Notice) -> bool:
        token = self._emulator.signer.identity_token(
            audience=self._audience, email=self._service_account, subject="1" * 21
        )
        headers = {"Authorization": f"Bearer {token}"}
        try:
            answer = requests.post(self._endpoint, json=notice.envelope, headers=headers, timeout=_TIMEOUT_S)
        except requests.RequestException:
            return False
        return answer.ok

    def _run(self) -> None:
        pause_s: float | None = None
        while True:
            self._woken.wait(pause_s)
            self._woken.clear()
            if self._closing.is_set():
                return
            pause_s = None if self.push_once() else min((pause_s or _FIRST_PAUSE_S / 2) * 2, _LONGEST_PAUSE_S)
