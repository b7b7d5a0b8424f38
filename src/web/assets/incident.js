// One incident's page: new entries, how it stands, its buttons. What has come is never added twice, and the stream goes
// on after the last entry that is there.
"use strict";

(function () {
  const article = document.querySelector("article[data-stream]");
  if (!article) return;
  const at = (id) => document.getElementById(id);
  const timeline = at("timeline");
  let seen = Number(article.dataset.after) || 0;

  // The address of what was quoted is the link's, which people read in words.
  const words = (e) => (e.link && e.text.endsWith(", " + e.link) ? e.text.slice(0, -e.link.length - 2) : e.text);

  function entry(e) {
    const actor = Room.make("span", "actor", e.actor);
    if (e.via) actor.append(" ", Room.make("small", "", "(" + e.via + ")"));
    const link = Room.make("a", "at", Room.clock(e.at));
    link.href = "#e" + e.seq;
    const line = Room.make("li", e.importance, link, " ", Room.make("span", "word", e.icon_word), " ", actor, " ", Room.words("span", "text", words(e)));
    if (e.link) line.append(" ", Object.assign(Room.make("a", "origin", "The message"), { href: e.link, rel: "noreferrer noopener" }));
    line.id = "e" + e.seq;
    line.dataset.seq = e.seq;
    return line;
  }

  // A form with one button, as the server renders it.
  function form(action, fields, word) {
    const form = document.createElement("form");
    form.method = "post";
    form.action = action;
    const own = Box.form.elements;
    for (const [name, value] of Object.entries({ room: own.room.value, form: own.form.value, ...fields })) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      form.append(field);
    }
    form.append(Room.make("button", "", word));
    return form;
  }

  // A button per act. Whoever was on one by keyboard stays among them.
  function buttons(place, acts) {
    const now = Array.from(place.querySelectorAll("button"), (b) => b.textContent).join("\n");
    if (now === acts.map((a) => a.word).join("\n")) return;
    const held = place.contains(document.activeElement);
    place.replaceChildren(...acts.map((a) => form("/room/say", { text: a.text }, a.word)));
    if (held) (place.querySelector("button") || at("text")).focus();
  }

  // Whoever was on a button in the list by keyboard does not fall out of it.
  function fill(id, lines) {
    const held = at(id).contains(document.activeElement);
    at(id).replaceChildren(...lines);
    if (held) (at(id).querySelector("button") || at(id).closest("section").querySelector("summary") || at("text")).focus();
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
    at("tell").hidden = !s.open;
    fill("clocks", s.clocks.map(Clocks.make));
    Clocks.tick();
    fill("roles", s.roles.map((r) => Room.make("li", "", Room.make("b", "", r.role), " " + r.person)));
    at("responders").textContent = s.responders.join(", ") || "nobody yet";
    at("runs-section").hidden = s.runs.length === 0;
    at("runs").replaceChildren(...s.runs.map((r) => {
      const link = Room.make("a", "", "Run " + r.no + ": ", Room.words("span", "", r.name));
      link.href = "/incidents/" + s.number + "/runs/" + r.no;
      return Room.make("li", "", link, " " + r.standing);
    }));
    fill("items", s.items.map((a) => {
      const rest = [a.owner ? " · " + a.owner : "", a.due ? " · by " + a.due : ""].join("");
      const line = Room.make("li", "", (a.done ? "✓ done " : "○ open ") + a.no + ". ", Room.words("span", "", a.text), rest);
      if (!a.done) {
        const done = form("/room/form", { what: "done", no: a.no }, "Done");
        done.className = "inline";
        done.lastChild.setAttribute("aria-label", "Done: action item " + a.no);
        line.append(" ", done);
      }
      return line;
    }));
  }

  Room.follow(() => article.dataset.stream + "?after=" + seen, {
    entry(e) {
      if (e.seq <= seen) return;
      seen = e.seq;
      const atEnd = window.innerHeight + window.scrollY >= document.body.offsetHeight - 120;
      timeline.append(entry(e));
      if (at("preview").open || e.icon_word === "post-mortem") later();
      if (atEnd && window.scrollY > 0) window.scrollTo(0, document.body.scrollHeight);
    },
    standing,
    reset() { location.reload(); },
  });

  // A form says what it has to without leaving the page.
  article.addEventListener("submit", async (event) => {
    const filled = event.target;
    if (filled.getAttribute("action") !== "/room/form" && !filled.closest("#acts, #more")) return;
    event.preventDefault();
    const button = filled.querySelector("button");
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    const { form, ...fields } = Object.fromEntries(new FormData(filled));
    const done = await Box.post(filled.getAttribute("action"), fields);
    button.removeAttribute("aria-disabled");
    if (done && filled.classList.contains("fill")) {
      filled.reset();
      filled.closest("details").open = false;
      filled.closest("details").querySelector("summary").focus();
    }
  });

  // The proposal is made when it is looked at; what somebody typed stays.
  at("tell").addEventListener("toggle", async () => {
    const field = at("update");
    if (!at("tell").open || field.value !== field.defaultValue) return;
    const body = await Box.ask("update");
    if (!body || !body.data.proposal || field.value !== field.defaultValue) return;
    field.defaultValue = body.data.proposal;
    field.value = field.defaultValue;
  });

  // The post-mortem's part is rendered and escaped in one place, by the server; this only puts it in.
  let pending = null;
  function later() {
    // Not all who look on at once.
    if (pending === null) pending = setTimeout(again, 300 + Math.random() * 1500);
  }
  at("preview").addEventListener("toggle", () => { if (at("preview").open) later(); });
  async function again() {
    pending = null;
    try {
      const answer = await fetch(location.pathname, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("preview");
      if (!answer.ok || !fresh) return;
      fresh.querySelector("summary").remove();
      at("preview").replaceChildren(at("preview").querySelector("summary"), ...document.adoptNode(fresh).childNodes);
      at("mark").replaceChildren(...document.adoptNode(page.getElementById("mark")).childNodes);
      at("write-link").textContent = page.getElementById("write-link").textContent;
      at("postmortem").querySelectorAll("time").forEach(Room.localise);
    } catch (problem) {
      // The next entry asks again.
    }
  }

  // A link to an entry that is not on the page yet.
  const wanted = /^#e\d+$/.test(location.hash);
  if (wanted && !document.querySelector(location.hash) && at("earlier")) location.replace(at("earlier").href + location.hash);
})();
