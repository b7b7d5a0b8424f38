// The editor of a post-mortem: says when somebody else has saved, and warns before unsaved text is left. Saving is the
// form's own.
"use strict";

(function () {
  const form = document.getElementById("write");
  if (!form) return;
  const fields = Array.from(form.querySelectorAll("textarea"));
  let saving = false;
  form.addEventListener("submit", () => { saving = true; });
  window.addEventListener("pageshow", () => { saving = false; });
  window.addEventListener("beforeunload", (event) => {
    if (!saving && fields.some((field) => field.value !== field.defaultValue)) event.preventDefault();
  });

  // What is saved over somebody else's is shown beside it; knowing before is better.
  const news = document.getElementById("news");
  let seen = Number(form.dataset.after) || 0;
  Room.follow(() => form.dataset.stream + "?after=" + seen, {
    entry(e) {
      if (e.seq <= seen) return;
      seen = e.seq;
      if (e.icon_word !== "post-mortem" || saving) return;
      news.className = "reply refused";
      news.textContent = e.actor + ": " + e.text + ". Go on writing: when you save, you see both texts where you both wrote.";
    },
  });
})();
