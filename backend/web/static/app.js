// The frame's behaviour: htmx under our CSRF guard, notices with Undo, dialogs, and panels that close.
(() => {
  const TOAST_MS = 10_000;
  const words = document.querySelector("[data-words]").dataset;

  // --- htmx: send the CSRF token along, and say in plain words what went wrong ---
  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector('meta[name="csrf-token"]');
    if (token) event.detail.headers["X-CSRFToken"] = token.content;
  });
  document.addEventListener("htmx:sendError", () => showToast(words.offline));
  document.addEventListener("htmx:responseError", (event) => showToast(readProblem(event.detail.xhr)));

  function readProblem(xhr) {
    try {
      return JSON.parse(xhr.responseText).detail || words.failed;
    } catch {
      return words.failed; // a proxy's own error page
    }
  }

  // --- notices: ten seconds, longer while the pointer or the focus rests on them ---
  document.addEventListener("toasts", (event) => {
    for (const notice of event.detail.notices) showToast(notice.text, notice.undo);
  });

  function showToast(text, undo = "") {
    const note = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
    note.querySelector("[data-toast-text]").textContent = text;
    if (undo) note.querySelector("form").action = undo;
    else note.querySelector("form").remove();
    document.querySelector(".toaster").append(note);
    startToast(note);
  }

  function startToast(note) {
    let timer = 0;
    const run = () => (timer = setTimeout(() => note.remove(), TOAST_MS));
    const hold = () => clearTimeout(timer);
    note.addEventListener("pointerenter", hold);
    note.addEventListener("focusin", hold);
    note.addEventListener("pointerleave", run);
    note.addEventListener("focusout", run);
    note.querySelector("[data-toast-close]").addEventListener("click", () => note.remove());
    run();
  }

  document.querySelectorAll(".toaster [data-toast]").forEach(startToast);
  window.enlace = { showToast };

  // --- dialogs and panels ---
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens).showModal();
    if (event.target.tagName === "DIALOG") event.target.close(); // a click beside it
    closePanels((panel) => !panel.contains(event.target));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.activeElement?.closest(".popover-details[open]");
    closePanels(() => true);
    open?.querySelector("summary").focus();
  });

  function closePanels(which) {
    for (const panel of document.querySelectorAll(".popover-details[open]")) {
      if (which(panel)) panel.open = false;
    }
  }

  // --- fields that act at once, such as a stage's select or a filter ---
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  });
})();
