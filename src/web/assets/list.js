// The list of incidents, live; and the board, which is read again from the server when anything moves.
"use strict";

(function () {
  const list = document.querySelector("section[data-stream]");
  if (!list) return;
  const open = document.getElementById("open");
  const recent = document.getElementById("recent");
  const quiet = document.getElementById("quiet");
  const notices = document.getElementById("notices");

  function notice(n) {
    const item = Room.make("li", "", Room.make("strong", "", n.word), " ", Room.words("span", "", n.text));
    for (const line of n.lines) item.append(Room.words("p", "", line));
    return item;
  }

  function row(i) {
    const item = document.createElement("li");
    Object.assign(item.dataset, { number: i.number, seq: i.seq, rank: i.rank, at: i.declared_at });
    const link = Room.make("a", "", Room.severity(i), " ", Room.make("strong", "", i.id), " ", Room.words("span", "", i.title));
    link.href = "/incidents/" + i.number;
    const who = i.has_it ? i.has_it + " has it" : i.open ? "nobody has acknowledged" : "never acknowledged";
    const parts = ["", i.private ? "private" : null, i.service, who].filter((p) => p !== null).join(" · ");
    item.append(link, " ", Room.make("small", "", Room.status(i), parts + " · ", Room.clock(i.declared_at)));
    return item;
  }

  function put(i) {
    const old = list.querySelector('li[data-number="' + Number(i.number) + '"]');
    if (old && Number(old.dataset.seq) > i.seq) return;
    const held = old && old.contains(document.activeElement);
    if (old) old.remove();
    const item = row(i);
    const later = i.open
      ? (other) => Number(other.dataset.rank) > i.rank || (Number(other.dataset.rank) === i.rank && other.dataset.at > i.declared_at)
      : (other) => Number(other.dataset.number) < i.number;
    const target = i.open ? open : recent;
    target.insertBefore(item, Array.from(target.children).find(later) || null);
    if (held) item.querySelector("a").focus();
    while (recent.children.length > 20) recent.lastElementChild.remove();
    quiet.hidden = open.children.length > 0;
  }

  Room.follow(() => list.dataset.stream, {
    list(all) {
      const held = document.activeElement.closest("li[data-number]");
      open.replaceChildren(...all.open.map(row));
      recent.replaceChildren(...all.recent.map(row));
      const again = held && list.querySelector('li[data-number="' + Number(held.dataset.number) + '"] a');
      if (again) again.focus();
      quiet.hidden = all.open.length > 0;
      notices.replaceChildren(...all.notices.map(notice));
    },
    row: put,
  });
})();

(function () {
  const board = document.getElementById("board");
  if (!board) return;
  let pending = null;
  let last = "";

  // The page is rendered and escaped in one place, by the server; this only puts its wall in.
  async function again() {
    pending = null;
    try {
      const answer = await fetch("/board", { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const wall = page.getElementById("wall");
      if (!answer.ok) throw new Error("no board");
      // Signed out meanwhile: the page says what to do.
      if (!wall) return location.reload();
      if (wall.innerHTML === last) return;
      last = wall.innerHTML;
      document.getElementById("wall").replaceChildren(...document.adoptNode(wall).children);
      board.querySelectorAll("time").forEach(Room.localise);
      Clocks.tick();
    } catch (problem) {
      later(2000);
    }
  }
  function later(ms) {
    if (pending === null) pending = setTimeout(again, ms);
  }

  Room.follow(() => board.dataset.stream, { list: () => later(50), row: () => later(200) });
})();
