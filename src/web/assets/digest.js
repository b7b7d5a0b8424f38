// The digest, live: everything when it connects, then each thing that is new. A thing has a key, so that one that is
// sent twice shows once, and one whose severity has changed since shows as it is now.
"use strict";

(function () {
  const all = document.getElementById("digest");
  if (!all) return;
  const nothing = document.getElementById("nothing");
  const shown = 50;

  function make(i) {
    const item = document.createElement("li");
    item.dataset.key = i.key;
    const link = Room.make("a", "", Room.make("strong", "", i.id), " ", Room.words("span", "", i.title));
    link.href = "/incidents/" + i.number;
    item.append(
      Room.make("p", "head", Room.severity(i), " ", link),
      Room.make("p", "", Room.make("strong", "", i.what), " ", Room.make("small", "", i.by + " · ", Room.clock(i.at))),
    );
    if (i.text) item.append(Room.words("p", "text", i.text));
    return item;
  }

  function told(i) {
    const old = Array.from(all.children).find((item) => item.dataset.key === i.key);
    if (old) {
      if (!old.contains(document.activeElement)) old.replaceWith(make(i));
      return;
    }
    all.prepend(make(i));
    nothing.hidden = true;
    while (all.children.length > shown) all.lastElementChild.remove();
  }

  Room.follow(() => all.dataset.stream, {
    told,
    digest(whole) {
      // Only what differs is touched: a screen reader is not told all of it again.
      const keys = whole.items.map((i) => i.key);
      Array.from(all.children).filter((item) => !keys.includes(item.dataset.key)).forEach((item) => item.remove());
      whole.items.slice().reverse().forEach((i) => {
        if (!Array.from(all.children).some((item) => item.dataset.key === i.key)) told(i);
      });
      nothing.hidden = whole.items.length > 0;
    },
  });
})();
