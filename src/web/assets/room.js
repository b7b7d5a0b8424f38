// The room's own script, first part: what the others use. Everything that comes from people is put in as text, never as
// markup. The page reads and its forms work without any of this.
"use strict";

const Room = (function () {
  const live = document.getElementById("live");
  const say = (text) => { if (live && live.textContent !== text) live.textContent = text; };

  function make(tag, className, ...content) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    node.append(...content.filter((part) => part !== undefined && part !== null));
    return node;
  }

  // A person's words: in the direction of their own script.
  function words(tag, className, text) {
    const node = make(tag, className, text);
    node.dir = "auto";
    return node;
  }

  // Repeats what the word beside it says, so it is not read out.
  function icon(sign) {
    const node = make("span", "", sign);
    node.setAttribute("aria-hidden", "true");
    return node;
  }

  const severity = (s) => make("span", "severity rank-" + Math.min(s.rank, 5), icon(s.severity_icon), " " + s.severity);
  const status = (s) => make("span", "status " + s.status, icon(s.status_icon), " " + s.status);

  function clock(at) {
    const node = make("time", "");
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

  return { make, words, icon, severity, status, clock, localise, follow };
})();
