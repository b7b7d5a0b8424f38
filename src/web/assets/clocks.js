// Clocks: the server renders when something is due, this only counts. The server's clock is the one that counts, so
// the difference to this machine's is taken off.
"use strict";

const Clocks = (function () {
  const from = document.querySelector("[data-now]");
  const ahead = from ? Date.parse(from.dataset.now) - Date.now() : 0;

  function span(ms) {
    const s = Math.floor(Math.abs(ms) / 1000);
    const two = (n) => String(n).padStart(2, "0");
    const days = Math.floor(s / 86400);
    const hours = Math.floor(s / 3600) % 24;
    const rest = two(Math.floor(s / 60) % 60) + ":" + two(s % 60);
    return days ? days + " d " + hours + " h" : hours ? hours + ":" + rest : rest;
  }

  const courses = { running: ["◷", "due"], late: ["!", "late, was due"], reached: ["✓", "reached"] };

  function mark(line, course) {
    line.className = course;
    const [sign, word] = courses[course];
    line.querySelector(".course").replaceChildren(Room.icon(sign), " ", Room.make("b", "", word));
  }

  function make(c) {
    const line = Room.make("li", "", Room.make("span", "what", c.what), " ", Room.make("span", "course"), " ", Room.clock(c.time.at), " ", Room.make("span", "left"));
    line.dataset.key = c.key;
    mark(line, c.course);
    return line;
  }

  function tick() {
    const now = Date.now() + ahead;
    for (const line of document.querySelectorAll(".clocks li")) {
      const left = Date.parse(line.querySelector("time").dateTime) - now;
      if (line.classList.contains("running") && left <= 0) mark(line, "late");
      const late = line.classList.contains("late");
      const text = line.classList.contains("reached") ? "" : late ? span(Math.min(left, 0)) + " ago" : "in " + span(left);
      const node = line.querySelector(".left");
      if (node.textContent !== text) node.textContent = text;
    }
  }
  if (from) {
    tick();
    setInterval(tick, 1000);
  }

  return { make, tick };
})();
