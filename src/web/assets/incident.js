// One incident's page: new entries, how it stands, its buttons. What has come is never added twice, and the stream goes
// on after the last entry that is there.
"use strict";

(function () {
  const article = document.querySelector("article[data-stream]");
  if (!article) return;
  const at = (id) => document.getElementById(id);
  const timeline = at("timeline");
  let seen = Number(article.dataset.after) || 0;

  function entry(e) {
    const actor = Room.make("span", "actor", e.actor);
    if (e.via) actor.append(" ", Room.make("small", "", "(" + e.via + ")"));
    const link = Room.make("a", "at", Room.clock(e.at));
    link.href = "#e" + e.seq;
    const line = Room.make("li", e.importance, link, " ", Room.make("span", "word", e.icon_word), " ", actor, " ", Room.words("span", "text", e.text));
    line.id = "e" + e.seq;
    line.dataset.seq = e.seq;
    return line;
  }

  // A button per act. Whoever was on one by keyboard stays among them.
  function buttons(place, acts) {
    const now = Array.from(place.querySelectorAll("button"), (b) => b.textContent).join("\n");
    if (now === acts.map((a) => a.word).join("\n")) return;
    const held = place.contains(document.activeElement);
    place.replaceChildren(...acts.map((a) => {
      const form = document.createElement("form");
      form.method = "post";
      form.action = "/room/say";
      for (const [name, value] of [["room", Box.form.elements.room.value], ["form", Box.form.elements.form.value], ["text", a.text]]) {
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", name, value });
        form.append(field);
      }
      form.append(Room.make("button", "", a.word));
      return form;
    }));
    if (held) (place.querySelector("button") || at("text")).focus();
  }

  function fill(id, lines) {
    at(id).replaceChildren(...lines);
    at("no-" + id).hidden = lines.length > 0;
  }

  function standing(s) {
    at("headline").textContent = s.stands;
    at("next").textContent = s.next;
    at("severity").replaceChildren(Room.severity(s));
    at("status").replaceChildren(Room.status(s));
    buttons(at("acts"), s.acts);
    buttons(at("more"), s.more);
    at("overflow").hidden = s.more.length === 0;
    fill("clocks", s.clocks.map(Clocks.make));
    Clocks.tick();
    fill("roles", s.roles.map((r) => Room.make("li", "", Room.make("b", "", r.role), " " + r.person)));
    at("responders").textContent = s.responders.join(", ") || "nobody yet";
    fill("items", s.items.map((a) => {
      const rest = [a.owner ? " · " + a.owner : "", a.due ? " · by " + a.due : ""].join("");
      return Room.make("li", "", (a.done ? "✓ done " : "○ open ") + a.no + ". ", Room.words("span", "", a.text), rest);
    }));
  }

  Room.follow(() => article.dataset.stream + "?after=" + seen, {
    entry(e) {
      if (e.seq <= seen) return;
      seen = e.seq;
      const atEnd = window.innerHeight + window.scrollY >= document.body.offsetHeight - 120;
      timeline.append(entry(e));
      if (atEnd && window.scrollY > 0) window.scrollTo(0, document.body.scrollHeight);
    },
    standing,
    reset() { location.reload(); },
  });

  // A button says its command without leaving the page.
  article.addEventListener("submit", async (event) => {
    if (!event.target.closest("#acts, #more")) return;
    event.preventDefault();
    const button = event.target.querySelector("button");
    button.setAttribute("aria-disabled", "true");
    await Box.send(event.target.elements.text.value);
    button.removeAttribute("aria-disabled");
  });

  // A link to an entry that is not on the page yet.
  const wanted = /^#e\d+$/.test(location.hash);
  if (wanted && !document.querySelector(location.hash) && at("earlier")) location.replace(at("earlier").href + location.hash);
})();
