// The command box: sends what is typed, and completes it from the same table as the commands. A combobox in the manner
// of the ARIA practices: focus stays in the box, arrow keys choose, Enter takes, Escape closes; a second Enter sends.
"use strict";

const Box = (function () {
  const form = document.getElementById("command");
  if (!form) return {};
  const box = document.getElementById("text");
  const reply = document.getElementById("reply");
  const said = [];
  let back = 0;

  function show(text, refused, number) {
    reply.className = refused ? "reply refused" : "reply";
    reply.replaceChildren(Room.make("pre", "", text));
    if (number && String(number) !== (form.elements.room.value.match(/\d+/) || [""])[0]) {
      const link = Room.make("a", "", "Open INC-" + number);
      link.href = "/incidents/" + Number(number);
      reply.append(" ", link);
    }
  }

  // Says it; true once it is recorded.
  function send(text) {
    return post("/room/say", { room: form.elements.room.value, text });
  }

  function request(address, said) {
    return fetch(address, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-Firebell": "1" },
      body: JSON.stringify(said),
    });
  }

  // The answer to what changes nothing, for the page and not for the person.
  async function ask(text) {
    try {
      const answer = await request("/room/say", { room: form.elements.room.value, text });
      return answer.ok ? await answer.json() : null;
    } catch (problem) {
      return null;
    }
  }

  async function post(address, said) {
    try {
      const answer = await request(address, said);
      const body = await answer.json();
      if (answer.ok && body.data && body.data.declared) {
        // Whoever declares is taken to the incident, and what was answered comes along.
        sessionStorage.setItem("said", body.text);
        location.assign("/incidents/" + Number(body.number));
      } else if (answer.ok) show(body.text, false, body.number);
      else show(body.error.message, true);
      return answer.ok;
    } catch (problem) {
      show("Firebell did not answer: not recorded as far as we know, do not rely on it. Say it again when the page is live.", true);
      return false;
    }
  }

  const carried = sessionStorage.getItem("said");
  if (carried !== null) {
    sessionStorage.removeItem("said");
    show(carried, false);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = box.value.trim();
    if (!text) return;
    close();
    const button = form.querySelector("button");
    button.disabled = true;
    if (await send(text)) {
      said.push(text);
      back = said.length;
      if (box.value.trim() === text) box.value = "";
    }
    button.disabled = false;
    box.focus();
    close();
  });

  // What can follow, from the table.
  let table = { commands: [], names: {} };
  let asked = false;
  async function learn() {
    if (asked) return;
    asked = true;
    try {
      const answer = await fetch("/room/completion", { credentials: "same-origin" });
      if (answer.ok) table = await answer.json();
      else asked = false;
    } catch (problem) {
      asked = false;
    }
    if (document.activeElement === box && box.value) suggest();
  }

  const list = Room.make("ul", "options");
  const usage = Room.make("p", "usage");
  Object.assign(list, { id: "options", hidden: true });
  usage.id = "usage";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "What can follow");
  form.querySelector(".line").after(list, usage);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "options", "aria-describedby": "usage",
  })) box.setAttribute(name, value);
  let chosen = -1;

  // The word being typed and what may stand in its place.
  function options(text) {
    const front = text.match(/^\s*\/?(?:incident|@firebell)?:?\s+|^\s*\//i);
    const start = front ? front[0].length : 0;
    const rest = text.slice(start).replace(/^(?:INC-|#)\d+\s+/i, "");
    const head = text.slice(0, text.length - rest.length);
    const verb = rest.match(/^\S*/)[0].toLowerCase();
    if (rest.length === verb.length) {
      // Other words for a command come after those that begin so themselves.
      const named = table.commands.filter((c) => c.verb.startsWith(verb));
      const called = table.commands.filter((c) => !named.includes(c) && c.aliases.some((word) => word.startsWith(verb)));
      const before = /^\s*$/.test(head) ? "/incident " : /^\s*\/$/.test(head) ? "/incident " : head;
      return [...named, ...called].map((c) => ({ word: c.verb, about: c.summary, text: before + c.verb + " ", usage: c.usage }));
    }
    const command = table.commands.find((c) => c.verb === verb || c.aliases.includes(verb));
    if (!command) return [];
    usage.textContent = command.usage;
    const word = rest.match(/\S*$/)[0];
    const place = text.slice(0, text.length - word.length);
    const first = rest.slice(verb.length).trim() === word;
    const found = [];
    for (const arg of command.args) {
      const person = arg.kind === "person" || arg.kind === "target";
      const sign = person ? "@" : arg.kind === "service" ? "service:" : "";
      // What has no sign of its own stands first, else every word of a sentence would be completed.
      if (!sign && !first) continue;
      if (sign && !first && !word) continue;
      for (const name of table.names[person ? "person" : arg.kind] || []) {
        const whole = sign + name;
        if (whole.toLowerCase().startsWith(word.toLowerCase()) && whole !== word) found.push({ word: whole, about: arg.summary, text: place + whole + " " });
      }
    }
    return found;
  }

  function close() {
    list.hidden = true;
    list.replaceChildren();
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
    chosen = -1;
  }

  function suggest() {
    close();
    usage.textContent = "";
    if (!box.value) return;
    const found = options(box.value).slice(0, 12);
    list.replaceChildren(...found.map((option, at) => {
      const line = Room.make("li", "", Room.make("b", "", option.word), " ", Room.make("small", "", option.about));
      line.id = "option-" + at;
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", "false");
      line.dataset.text = option.text;
      return line;
    }));
    list.hidden = found.length === 0;
    box.setAttribute("aria-expanded", String(found.length > 0));
  }

  function choose(at) {
    const lines = list.children;
    if (chosen >= 0) lines[chosen].setAttribute("aria-selected", "false");
    chosen = (at + lines.length) % lines.length;
    lines[chosen].setAttribute("aria-selected", "true");
    lines[chosen].scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", lines[chosen].id);
  }

  function take(line) {
    box.value = line.dataset.text;
    box.focus();
    suggest();
  }

  box.addEventListener("focus", learn);
  box.addEventListener("input", suggest);
  box.addEventListener("blur", close);
  // Before the box loses its focus to the press.
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const line = event.target.closest("li");
    if (line) take(line);
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const down = event.key === "ArrowDown";
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      take(list.children[chosen]);
    } else if ((down || event.key === "ArrowUp") && !list.hidden) {
      event.preventDefault();
      choose(down ? chosen + 1 : chosen < 0 ? -1 : chosen - 1);
    } else if ((down || event.key === "ArrowUp") && said.length) {
      // What was said before.
      event.preventDefault();
      back = Math.max(0, Math.min(said.length, back + (down ? 1 : -1)));
      box.value = said[back] || "";
    }
  });

  return { form, post, ask };
})();
