"use strict";
// The table of everything: only the rows in sight are in the page, so that 10,000 stay smooth.

const PRINTED = 500;

const Rows = (() => {
  const { Virtualizer, elementScroll, observeElementOffset, observeElementRect } = vendor;
  const COLUMNS = [
    { name: "name", width: "38%", text: (row) => row[0], key: (row) => row[0] },
    { name: "kind", width: "9%", words: true, text: (row) => row[1], key: (row) => row[1] },
    { name: "verdict", width: "12%", words: true, text: (row) => row[3], key: (row) => row[3] },
    { name: "energy", text: (row) => row[5][0], key: (row) => row[6][0] },
    { name: "CO2e", text: (row) => row[5][1], key: (row) => row[6][0] },
    { name: "CPU time", text: (row) => row[5][2], key: (row) => row[6][1] },
    { name: "wall time", text: (row) => row[5][3], key: (row) => row[6][2] },
    { name: "change", text: (row) => row[5][4], key: (row) => row[6][3] },
  ];
  const TONES = { regressed: "bad", "over budget": "bad", inconclusive: "warn", improved: "good" };
  const box = document.getElementById("tests");
  const table = document.getElementById("all");
  const body = table.tBodies[0];
  let all = [];
  let shown = [];
  let sorted = { column: 3, down: true };
  let active = 0;
  let open = () => {};
  let whole = 0;
  let virtualizer;

  function headers() {
    const line = table.tHead.rows[0];
    COLUMNS.forEach((column, place) => {
      const cell = document.createElement("th");
      const button = document.createElement("button");
      cell.scope = "col";
      if (column.width) cell.style.width = column.width;
      if (column.words) cell.className = "words";
      button.type = "button";
      button.textContent = column.name;
      button.addEventListener("click", () => sort(place));
      cell.append(button);
      line.append(cell);
    });
  }

  function mark() {
    [...table.tHead.rows[0].cells].forEach((cell, place) => {
      const on = place === sorted.column;
      cell.setAttribute("aria-sort", on ? (sorted.down ? "descending" : "ascending") : "none");
      cell.firstChild.textContent = COLUMNS[place].name + (on ? (sorted.down ? " ▾" : " ▴") : "");
    });
  }

  function compare(a, b) {
    // What this plugin took is no part of the run, and so not the first thing to read.
    const beside = (a[1] === "looks") - (b[1] === "looks");
    if (beside) return beside;
    const { key } = COLUMNS[sorted.column];
    const [one, other] = [key(a), key(b)];
    // What is unknown or empty comes last, whichever way.
    if (one === null || one === "") return other === null || other === "" ? 0 : 1;
    if (other === null || other === "") return -1;
    const order = typeof one === "number" ? one - other : one < other ? -1 : one > other ? 1 : 0;
    return sorted.down ? -order : order;
  }

  function sort(place) {
    const text = place < 3;
    sorted = { column: place, down: place === sorted.column ? !sorted.down : !text };
    shown.sort(compare);
    update();
  }

  function filter(words, kind, verdict) {
    const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
    shown = all.filter((row) => (!kind || row[1] === kind) && (!verdict || row[3] === verdict) && parts.every((part) => row.lower.includes(part)));
    shown.sort(compare);
    update();
    return shown.length;
  }

  function update() {
    active = 0;
    box.scrollTop = 0;
    mark();
    body.replaceChildren(above, below);
    table.setAttribute("aria-rowcount", shown.length + 1);
    options();
    virtualizer._willUpdate();
    render();
  }

  // Folders and classes give way first, so that test and parameters, which differ, stay readable.
  function parts(name) {
    const bracket = name.indexOf("[");
    const end = bracket < 0 ? name.length : bracket;
    const cut = name.lastIndexOf("::", end) + 2;
    const start = cut > 1 ? cut : name.lastIndexOf("/", end) + 1;
    return [["way", 0, start], ["test", start, end], ["case", end, name.length]].filter(([, from, to]) => to > from).map(([kind, from, to]) => {
      const part = document.createElement("span");
      part.className = kind;
      part.textContent = name.slice(from, to);
      return part;
    });
  }

  function line(place) {
    const row = shown[place];
    const item = document.createElement("tr");
    item.setAttribute("aria-rowindex", place + 2);
    item.dataset.place = place;
    COLUMNS.forEach((column, at) => {
      const cell = document.createElement("td");
      if (at === 0) {
        const button = document.createElement("button");
        cell.className = "name";
        button.type = "button";
        button.append(...parts(column.text(row)));
        button.title = row[0];
        button.addEventListener("click", () => { active = place; open(row); });
        cell.append(button);
      } else {
        cell.textContent = column.text(row);
        cell.className = column.words ? `words ${at === 2 ? TONES[row[3]] ?? "" : ""}` : "";
      }
      item.append(cell);
    });
    return item;
  }

  function pad() {
    const item = document.createElement("tr");
    item.className = "pad";
    item.setAttribute("aria-hidden", "true");
    const cell = document.createElement("td");
    cell.colSpan = COLUMNS.length;
    item.append(cell);
    return item;
  }

  const above = pad();
  const below = pad();

  // Rows that stay in sight stay in the page, so that focus and screen readers keep their place.
  function render() {
    const items = whole ? [...Array(Math.min(whole, shown.length)).keys()].map((index) => ({ index })) : virtualizer.getVirtualItems();
    const places = new Set(items.map((item) => item.index));
    [...body.querySelectorAll("tr[data-place]")].filter((old) => !places.has(Number(old.dataset.place))).forEach((old) => old.remove());
    let next = above.nextSibling;
    for (const { index } of items) {
      if (next.dataset.place === String(index)) next = next.nextSibling;
      else body.insertBefore(line(index), next);
    }
    const last = items[items.length - 1];
    above.firstChild.style.height = `${whole || !last ? 0 : items[0].start}px`;
    below.firstChild.style.height = `${whole || !last ? 0 : virtualizer.getTotalSize() - last.end}px`;
    // One row can be reached with Tab: the active one, or what is in sight instead.
    const reached = places.has(active) ? active : items[0]?.index;
    body.querySelectorAll("tr[data-place]").forEach((row) => { row.querySelector("button").tabIndex = Number(row.dataset.place) === reached ? 0 : -1; });
  }

  function focus() {
    body.querySelector(`tr[data-place="${active}"] button`)?.focus({ preventScroll: true });
  }

  function move(to) {
    active = Math.max(0, Math.min(shown.length - 1, to));
    virtualizer.scrollToIndex(active, { align: "auto" });
    render();
    focus();
    // Far away rows come into the page with the scrolling.
    requestAnimationFrame(() => { render(); focus(); });
  }

  function keys(event) {
    if (!body.contains(event.target)) return;
    // Where the active row has been scrolled away, keys go on from the row that has the focus.
    active = Number(event.target.closest("tr").dataset.place);
    const page = Math.max(1, Math.floor(box.clientHeight / 32) - 2);
    const steps = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: shown.length - 1 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    move(steps[event.key]);
  }

  const options = () => virtualizer.setOptions({
    count: shown.length, estimateSize: () => 32, overscan: 12, getScrollElement: () => box,
    observeElementRect, observeElementOffset, scrollToFn: elementScroll, onChange: () => render(),
  });

  function start(rows, whenOpened) {
    all = rows;
    open = whenOpened;
    all.forEach((row) => { row.lower = `${row[0]} ${row[4]}`.toLowerCase(); });
    headers();
    virtualizer = new Virtualizer({ count: 0, estimateSize: () => 32, getScrollElement: () => box, observeElementRect, observeElementOffset, scrollToFn: elementScroll });
    virtualizer._didMount();
    box.addEventListener("keydown", keys);
    addEventListener("beforeprint", () => { whole = PRINTED; render(); });
    addEventListener("afterprint", () => { whole = 0; render(); });
    filter("", "", "");
  }

  return { start, filter, focus };
})();
