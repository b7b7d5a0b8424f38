// The editor of a post-mortem: warns before a page with unsaved text is left. Saving is the form's own.
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
})();
