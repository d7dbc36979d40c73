"use strict";
// Only what scrolls can be reached by keyboard and says that it scrolls.
(function () {
  function mark() {
    document.querySelectorAll(".scroll, .equation").forEach(function (box) {
      const cut = box.scrollWidth > box.clientWidth + 1;
      box.classList.toggle("cut", cut);
      if (cut) box.setAttribute("tabindex", "0");
      else box.removeAttribute("tabindex");
    });
  }
  mark();
  window.addEventListener("resize", mark);
  // Beside the text the contents are always open; above it they leave the first screen to the text.
  const nav = document.querySelector("nav");
  const contents = nav.firstElementChild;
  const is_wide = window.matchMedia("(min-width: 68rem)");
  function unfold() { contents.open = is_wide.matches; }
  unfold();
  is_wide.addEventListener("change", unfold);
  contents.firstElementChild.addEventListener("click", function (event) {
    if (is_wide.matches) event.preventDefault();
  });
  contents.addEventListener("click", function (event) {
    if (!is_wide.matches && event.target.closest("a")) contents.open = false;
  });
  const links = new Map();
  document.querySelectorAll("nav a").forEach(function (link) {
    links.set(link.hash.slice(1), link);
  });
  // A cell as it is sorted: "3/4" by its value, and of equal ones the more first.
  function read(cell) {
    const words = cell.textContent.replace(/^\W+/, "");
    const share = words.match(/^(\d+)\/(\d+)/);
    return share ? { words, value: share[1] / share[2], weight: Number(share[2]) } : { words };
  }
  function order(a, b) {
    if (a.value !== undefined && b.value !== undefined) return a.value - b.value || a.weight - b.weight;
    return a.words.localeCompare(b.words, "en", { numeric: true });
  }
  // A click on the head of a column sorts by it, a second one the other way round. On a telephone,
  // where a table has no head, a choice above it does.
  document.querySelectorAll("table.sortable").forEach(function (table) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const choice = document.createElement("select");
    const label = document.createElement("label");
    label.className = "sort";
    label.append("Sorted by ", choice);
    choice.append(new Option("as it stands", ""), ...heads.map((head, k) => new Option(head.textContent, k)));
    choice.options[0].disabled = true;
    choice.addEventListener("change", () => heads[choice.value].querySelector("button").click());
    table.before(label);
    heads.forEach(function (head, column) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", function () {
        const turn = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", turn > 0 ? "ascending" : "descending");
        const compare = (a, b) => turn * order(read(a[0].cells[column]), read(b[0].cells[column]));
        const rows = [...body.rows].filter((row) => !row.matches(".below"));
        const pairs = rows.map((row) => [row, row.nextElementSibling]);
        pairs.sort(compare).forEach(function ([row, next]) {
          body.append(row);
          if (next && next.matches(".below")) body.append(next);
        });
      });
    });
  });
  // What is folded in a narrow cell unfolds below the row, as wide as the table.
  document.addEventListener("toggle", function (event) {
    const fold = event.target;
    if (!fold.matches("td .ways")) return;
    const row = fold.closest("tr");
    const next = row.nextElementSibling;
    if (fold.open) {
      const below = document.createElement("tr");
      const cell = below.insertCell();
      below.className = "below";
      cell.colSpan = row.cells.length;
      cell.append(fold.lastElementChild);
      row.after(below);
    } else if (next && next.matches(".below")) {
      fold.append(next.cells[0].firstElementChild);
      next.remove();
    }
  }, true);
  // Where no contents stand beside the text, what follows the main text is folded. A link into it,
  // and printing, open it.
  function fold(element, words, ...parts) {
    const folded = document.createElement("details");
    const summary = document.createElement("summary");
    summary.append(words);
    folded.className = "folded";
    folded.append(summary, ...parts);
    element.append(folded);
  }
  if (!is_wide.matches) {
    document.querySelectorAll("main > section.fold").forEach(function (section) {
      const [heading, ...parts] = section.children;
      fold(section, heading, ...parts);
    });
  }
  // On a telephone a table whose rows stand below one another is as long as a screen.
  if (window.matchMedia("(max-width: 40rem)").matches) {
    document.querySelectorAll("figure.table:has(.compact)").forEach(function (figure) {
      const { rows } = figure.querySelector("tbody");
      fold(figure, "The " + rows.length + " rows", figure.lastElementChild);
    });
  }
  function openTarget() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const inner = target.querySelector(":scope > .folded") ?? target.closest(".folded");
    let was_folded = false;
    for (let folded = inner; folded; folded = folded.parentElement.closest(".folded")) {
      was_folded ||= !folded.open;
      folded.open = true;
    }
    if (was_folded) target.scrollIntoView();
  }
  openTarget();
  window.addEventListener("hashchange", openTarget);
  // Whoever comes back from another page finds unfolded what was, and so the same place. The folds
  // of moving pieces are made by now.
  document.addEventListener("DOMContentLoaded", function () {
    const folds = new Map();
    document.querySelectorAll(".folded").forEach((fold) => folds.set(fold.closest("[id]").id, fold));
    folds.forEach(function (fold, id) {
      if (history.state?.unfolded?.includes(id)) fold.open = true;
      fold.addEventListener("toggle", function () {
        const unfolded = [...folds.keys()].filter((other) => folds.get(other).open);
        history.replaceState({ unfolded }, "");
      });
    });
  });
  let printed = [];
  window.addEventListener("beforeprint", function () {
    printed = [...document.querySelectorAll(".folded:not([open])")];
    printed.forEach((fold) => { fold.open = true; });
  });
  window.addEventListener("afterprint", () => printed.forEach((fold) => { fold.open = false; }));
  // A strip of signs: each opens below it what its row in a table says.
  document.querySelectorAll(".strip").forEach(function (strip) {
    const shown = document.createElement("div");
    shown.className = "strip-open";
    shown.hidden = true;
    shown.setAttribute("role", "status");
    strip.append(shown);
    strip.querySelectorAll("a").forEach(function (link) {
      const row = document.getElementById(link.hash.slice(1)).closest("tr");
      const [title, verdict] = [...row.cells].map((cell) => cell.cloneNode(true));
      const button = document.createElement("button");
      button.type = "button";
      button.className = link.className;
      button.append(...link.childNodes);
      button.setAttribute("aria-expanded", "false");
      const turns = link.matches(".turns") ? ", turns with another threshold" : "";
      button.setAttribute("aria-label", title.textContent + ": " + verdict.querySelector(".badge").textContent + turns);
      button.title = title.textContent;
      button.addEventListener("click", function () {
        const is_open = button.getAttribute("aria-expanded") === "true";
        strip.querySelectorAll("button").forEach((other) => other.setAttribute("aria-expanded", "false"));
        button.setAttribute("aria-expanded", String(!is_open));
        shown.hidden = is_open;
        const head = document.createElement("p"), name = document.createElement("strong");
        name.append(title.textContent);
        const ways = verdict.querySelector(".ways");
        const copies = ways ? [...ways.children].slice(1).map((part) => part.cloneNode(true)) : [];
        head.append(name, " ", ...[...(verdict.firstElementChild ?? verdict).childNodes].filter((part) => part !== ways).map((part) => part.cloneNode(true)));
        shown.replaceChildren(head, ...copies);
      });
      link.replaceWith(button);
    });
  });
  if (!("IntersectionObserver" in window)) return;
  const seen = new Set();
  const watcher = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (entry.isIntersecting) seen.add(entry.target.id);
      else seen.delete(entry.target.id);
    });
    // The first section in sight, and the first part of it.
    let chapter = null;
    let part = null;
    links.forEach(function (link, id) {
      link.removeAttribute("aria-current");
      if (!seen.has(id)) return;
      if (!link.closest("ul ul")) chapter = chapter || link;
      else if (chapter && chapter.parentNode.contains(link)) part = part || link;
    });
    [chapter, part].forEach(function (link) {
      if (link) link.setAttribute("aria-current", "true");
    });
    const last = part || chapter;
    if (last && is_wide.matches) nav.scrollTop = last.offsetTop - nav.clientHeight / 3;
  }, { rootMargin: "0px 0px -60% 0px" });
  document.querySelectorAll("main section").forEach(function (section) {
    if (links.has(section.id)) watcher.observe(section);
  });
})();
