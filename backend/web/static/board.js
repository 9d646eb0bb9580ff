// The pipeline's board: a card dragged to another column is posted as a move; the answer is the board with its new sums.
// Without a mouse the select in each card does the same.
(() => {
  function dress(root) {
    for (const list of root.querySelectorAll("[data-stage]")) {
      Sortable.create(list, {
        group: "deals",
        draggable: ".deal-card",
        filter: "details",
        preventOnFilter: false,
        animation: 120,
        delay: 180,
        delayOnTouchOnly: true,
        onEnd: (event) => event.from !== event.to && move(event.item, event.to.dataset.stage),
      });
    }
  }

  function move(card, stage) {
    htmx.ajax("POST", card.dataset.move, {
      values: { stage_id: stage, version: card.dataset.version },
      target: "#board",
      swap: "outerHTML",
    });
  }

  // Whatever was refused (the frame says why in a notice) is put back by showing the board as it is.
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.requestConfig.verb === "post" && document.getElementById("board")) {
      htmx.ajax("GET", location.href, { target: "#board", select: "#board", swap: "outerHTML" });
    }
  });

  htmx.onLoad((root) => dress(root.id === "board" ? root.parentElement : root));
})();
