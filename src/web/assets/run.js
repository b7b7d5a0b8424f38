// One run, live: whenever its incident moves on, what is filled in is fetched again. What somebody has unfolded stays so.
"use strict";

(function () {
  const article = document.getElementById("run");
  if (!article || article.dataset.over === "true") return;
  let seen = Number(article.dataset.after) || 0;
  let asking = false;
  let again = false;

  async function fill() {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const [now, next] = [document.getElementById("filled"), page.getElementById("filled")];
        const open = Array.from(now.querySelectorAll("tr"), (row) => Boolean(row.querySelector("details[open]")));
        next.querySelectorAll("tr").forEach((row, i) => {
          const details = row.querySelector("details");
          if (details && open[i]) details.open = true;
        });
        const held = now.contains(document.activeElement);
        now.replaceWith(next);
        if (held) document.getElementById("main").focus();
      }
    } finally {
      asking = false;
      if (again) {
        again = false;
        fill();
      }
    }
  }

  Room.follow(() => article.dataset.stream + "?after=" + seen, {
    entry(e) {
      if (e.seq <= seen) return;
      seen = e.seq;
      fill();
    },
    reset() { location.reload(); },
  });
})();
