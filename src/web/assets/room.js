// The room's own script: keeps the page up to date and sends what is typed. Everything that comes from people is put
// in as text, never as markup. The page reads and its form works without any of this.
"use strict";

(function () {
  const live = document.getElementById("live");
  const say = (text) => { if (live && live.textContent !== text) live.textContent = text; };

  function make(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined && text !== null) node.textContent = text;
    return node;
  }

  function clock(at) {
    const node = make("time", "", "");
    node.dateTime = at;
    localise(node);
    return node;
  }

  // The reader's own zone, with UTC behind it.
  function localise(node) {
    const at = new Date(node.dateTime);
    if (isNaN(at)) return;
    const today = at.toDateString() === new Date().toDateString();
    node.title = node.dateTime;
    node.textContent = today ? at.toLocaleTimeString() : at.toLocaleString();
  }
  document.querySelectorAll("time").forEach(localise);

  // A stream that always comes back: by itself after a break, and by us where the browser gives up (503, restart).
  function follow(address, handlers) {
    let source = null;
    let wait = 1000;
    function open() {
      source = new EventSource(address());
      source.onopen = () => { wait = 1000; say("live"); };
      source.onerror = () => {
        say("not live, trying again");
        if (source.readyState === EventSource.CLOSED) {
          setTimeout(open, wait);
          wait = Math.min(wait * 2, 30000);
        }
      };
      for (const [name, handle] of Object.entries(handlers)) {
        source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
      }
    }
    open();
    window.addEventListener("pagehide", () => source.close());
    window.addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  }

  const article = document.querySelector("article[data-stream]");
  if (article) {
    const timeline = document.getElementById("timeline");
    let seen = Number(article.dataset.after) || 0;
    follow(() => article.dataset.stream + "?after=" + seen, {
      entry(e) {
        if (e.seq <= seen) return;
        seen = e.seq;
        const line = make("li", e.importance);
        line.dataset.seq = e.seq;
        const actor = make("span", "actor", e.actor);
        if (e.via) actor.append(" ", make("small", "", "(" + e.via + ")"));
        const text = make("span", "text", e.text);
        text.dir = "auto";
        line.append(clock(e.at), " ", make("span", "word", e.icon_word), " ", actor, " ", text);
        const atEnd = window.innerHeight + window.scrollY >= document.body.offsetHeight - 120;
        timeline.append(line);
        if (atEnd) window.scrollTo(0, document.body.scrollHeight);
      },
      standing(s) {
        document.getElementById("headline").textContent = s.headline;
        document.getElementById("next").textContent = s.next;
      },
      reset() { location.reload(); },
    });
  }

  const list = document.querySelector("section[data-stream]");
  if (list) {
    const open = document.getElementById("open");
    const recent = document.getElementById("recent");
    const quiet = document.getElementById("quiet");

    function row(i) {
      const item = document.createElement("li");
      Object.assign(item.dataset, { number: i.number, seq: i.seq, rank: i.rank, at: i.declared_at });
      const link = document.createElement("a");
      link.href = "/incidents/" + i.number;
      const title = make("span", "", i.title);
      title.dir = "auto";
      link.append(make("span", "severity rank-" + Math.min(i.rank, 5), i.severity), " ", make("strong", "", i.id), " ", title);
      const who = i.has_it ? i.has_it + " has it" : i.open ? "nobody has acknowledged" : "never acknowledged";
      const parts = [i.status, i.private ? "private" : "", i.service || "", who].filter(Boolean).join(" · ");
      const small = make("small", "", parts + " · ");
      small.append(clock(i.declared_at));
      item.append(link, " ", small);
      return item;
    }

    function put(i) {
      const old = list.querySelector('li[data-number="' + Number(i.number) + '"]');
      if (old && Number(old.dataset.seq) > i.seq) return;
      if (old) old.remove();
      const item = row(i);
      const later = i.open
        ? (other) => Number(other.dataset.rank) > i.rank || (Number(other.dataset.rank) === i.rank && other.dataset.at > i.declared_at)
        : (other) => Number(other.dataset.number) < i.number;
      const target = i.open ? open : recent;
      target.insertBefore(item, Array.from(target.children).find(later) || null);
      while (recent.children.length > 20) recent.lastElementChild.remove();
      quiet.hidden = open.children.length > 0;
    }

    follow(() => list.dataset.stream, {
      list(all) {
        open.replaceChildren(...all.open.map(row));
        recent.replaceChildren(...all.recent.map(row));
        quiet.hidden = all.open.length > 0;
      },
      row: put,
    });
  }

  const form = document.getElementById("command");
  if (form) {
    const box = document.getElementById("text");
    const reply = document.getElementById("reply");
    const said = [];
    let back = 0;

    function show(text, refused, number) {
      reply.className = refused ? "reply refused" : "reply";
      reply.replaceChildren(make("pre", "", text));
      if (number && String(number) !== (form.elements.room.value.match(/\d+/) || [""])[0]) {
        const link = make("a", "", "Open INC-" + number);
        link.href = "/incidents/" + Number(number);
        reply.append(link);
      }
    }

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const text = box.value.trim();
      if (!text) return;
      form.querySelector("button").disabled = true;
      try {
        const answer = await fetch("/room/say", {
          method: "POST",
          credentials: "same-origin",
          headers: { "Content-Type": "application/json", "X-Firebell": "1" },
          body: JSON.stringify({ room: form.elements.room.value, text }),
        });
        const body = await answer.json();
        if (answer.ok) {
          show(body.text, false, body.number);
          said.push(text);
          back = said.length;
          box.value = "";
        } else {
          show(body.error.message, true);
        }
      } catch (problem) {
        show("Firebell did not answer: not recorded as far as we know, do not rely on it. What you typed is still in the box.", true);
      } finally {
        form.querySelector("button").disabled = false;
        box.focus();
      }
    });

    box.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
      if (!said.length) return;
      event.preventDefault();
      back = Math.max(0, Math.min(said.length, back + (event.key === "ArrowUp" ? -1 : 1)));
      box.value = said[back] || "";
    });
  }
})();
